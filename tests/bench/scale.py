"""SCALE.md: a section for each command that measures how far things go."""

import re
import shlex
import time

from bench import machine
from interop.cluster import ROOT

FILE = ROOT / "tests" / "bench" / "SCALE.md"
TITLE = """# How far it goes

Each section is written by the command that it names; do not edit. What is a goal says so. Processor time and memory say something on a
busy machine too, latencies do not: mind the load.
"""
SECTIONS = ("Idle sessions", "Sessions that come back", "Watches", "A znode with many children", "Latency beside ZooKeeper", "Growth")


class Section:
    """What one command writes: its heading, where it was measured, and tables."""

    def __init__(self, heading, command, words, data):
        assert heading in SECTIONS
        self.heading = heading
        self._command = shlex.join(["scripts/bench", command, *words])
        self._data = data
        self._started = time.monotonic()
        self._lines = []

    def say(self, line=""):
        print(line, flush=True)
        self._lines.append(line)

    def table(self, headings, rows):
        for row in (headings, ["---"] * len(headings), *rows):
            self.say("| " + " | ".join(map(str, row)) + " |")
        self.say()

    def write(self):
        text = FILE.read_text() if FILE.exists() else TITLE
        parts = dict(zip(re.findall(r"^## (.*)$", text, re.M), re.split(r"^## .*$", text, flags=re.M)[1:]))
        lines = machine.provenance(self._command, self._data, time.monotonic() - self._started) + [""] + self._lines
        parts[self.heading] = "\n".join(lines)
        FILE.write_text("\n\n".join([TITLE.strip(), *(f"## {heading}\n\n{parts[heading].strip()}" for heading in SECTIONS
                                                      if heading in parts)]) + "\n")
        print(f"written: {FILE.relative_to(ROOT)}")


def verdict(reached):
    return "yes" if reached else "no"
