"""Where three servers spend their processor time under load: a flame graph for each workload, as tests/bench/flames/WORKLOAD.svg.

    python3 -m bench.flames                          from tests/, or: scripts/bench flames

The width of a box is the share of the samples in which that function, or one that it called, was running; the box says which when the
pointer is on it. Needs perf, and leave to use it.
"""

import argparse
import collections
import html
import pathlib
import re
import subprocess
import sys
import tempfile
import zlib

from bench import machine
from bench.run import Running
from interop.cluster import Ensemble, ROOT

FOLDER = ROOT / "tests" / "bench" / "flames"
WIDTH, ROW, CHARACTER, LEAST_SHARE = 1200, 17, 6.6, 0.002
WORKLOADS = {"set": (10, 50), "create": (10, 50), "get": (300, 1)}  # connections, in flight of each


class Frame:
    """One function in one chain of callers."""

    def __init__(self, name):
        self.name = name
        self.samples = 0
        self.called = collections.defaultdict()

    def add(self, names):
        self.samples += 1
        frame = self
        for name in names:
            frame = frame.called.setdefault(name, Frame(name))
            frame.samples += 1

    def depth(self, least):
        return 1 + max((frame.depth(least) for frame in self.called.values() if frame.samples >= least), default=0)


def short(symbol):
    """Without arguments of templates and functions."""
    symbol = re.sub(r"\[abi:\w+\]", "", symbol)
    while (shorter := re.sub(r"<[^<>]*>|\([^()]*\)", "", symbol)) != symbol:
        symbol = shorter
    return symbol.removeprefix("muster::").replace(" const", "").strip() or "?"


def stacks(text):
    """The callers of each sample of `perf script`, the outermost first; after the thread's program."""
    for block in text.split("\n\n"):
        lines = block.strip().splitlines()
        if not lines:
            continue
        names = [short(re.sub(r"\+0x[0-9a-f]+$", "", line.split(None, 1)[1].rsplit(" (", 1)[0])) for line in lines[1:] if len(line.split()) > 1]
        yield [name for name in reversed(names) if name != "[unknown]"]


def colour(name):
    """Warm, and always the same for a function."""
    mixed = zlib.crc32(name.encode())
    return f"rgb({205 + mixed % 50},{80 + mixed // 50 % 110},{mixed // 5500 % 60})"


def boxes(frame, left, level, scale, height, least):
    for child in sorted(frame.called.values(), key=lambda one: one.name):
        if child.samples < least:
            continue
        width = child.samples * scale
        top = height - (level + 1) * ROW
        title = html.escape(child.name)
        text = title if len(child.name) * CHARACTER < width - 6 else html.escape(child.name[:max(0, int((width - 12) / CHARACTER))])
        yield (f'<g><title>{title}: {100 * child.samples * scale / WIDTH:.1f} %</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
               f'height="{ROW - 1}" fill="{colour(child.name)}"/>'
               + (f'<text x="{left + 3:.1f}" y="{top + 12}">{text}</text>' if width > 25 else "") + "</g>")
        yield from boxes(child, left, level + 1, scale, height, least)
        left += width


def picture(root, caption):
    least = max(1, root.samples * LEAST_SHARE)
    height = root.depth(least) * ROW + 20
    drawn = "\n".join(boxes(root, 0, 0, WIDTH / max(1, root.samples), height, least))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="monospace" font-size="11">\n'
            f'<rect width="100%" height="100%" fill="#fdf6e3"/><text x="4" y="14">{html.escape(caption)}</text>\n{drawn}\n</svg>\n')


def measure(workload, arguments):
    connections, in_flight = WORKLOADS[workload]
    with tempfile.TemporaryDirectory(prefix="muster-flames-") as folder, \
            Ensemble(3, kind="muster", directory=arguments.data) as ensemble:
        ensemble.wait_voting()
        load = Running(ensemble.hosts, workload, "--connections", connections, "--in-flight", in_flight,
                       "--seconds", arguments.seconds + 1, "--warm-up", 0.5)
        record = pathlib.Path(folder) / "perf.data"
        servers = ",".join(str(server.process.pid) for server in ensemble.servers)
        subprocess.run(["perf", "record", "-q", "-F", "199", "--call-graph", "dwarf,8192", "-o", record, "-p", servers, "--",
                        "sleep", str(arguments.seconds)], check=True, stdout=subprocess.DEVNULL)
        figures = load.figures()
        script = subprocess.run(["perf", "script", "-i", record, "-F", "comm,ip,sym", "--no-inline"], check=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True).stdout
    root = Frame("all")
    for names in stacks(script):
        root.add(names)
    FOLDER.mkdir(exist_ok=True)
    file = FOLDER / f"{workload}.svg"
    file.write_text(picture(root, f"{workload}, {connections} × {in_flight}: {figures['throughput']:,.0f}/s, three servers, "
                                  f"{root.samples} samples; {machine.date()}, commit {machine.commit()}"))
    print(f"written: {file.relative_to(ROOT)}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench flames", description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", choices=[*WORKLOADS, []], help=f"of {', '.join(WORKLOADS)} (default: all)")
    parser.add_argument("--seconds", type=float, default=3, help="of each (default 3)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    for workload in arguments.workloads or WORKLOADS:
        measure(workload, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
