"""`muster bench`, as a function."""

import json
import pathlib
import subprocess
import tempfile

from bench.targets import DATA_BYTES
from interop.cluster import program

PATIENCE = 1200


class Running:
    """One that was started; figures() waits for its end."""

    def __init__(self, hosts, *arguments):
        self._folder = tempfile.TemporaryDirectory(prefix="muster-bench-")
        self._file = pathlib.Path(self._folder.name) / "figures.json"
        command = [program("muster"), "bench", "-s", hosts, "--size", DATA_BYTES, "--json", self._file, *arguments]
        self._process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def ended(self):
        return self._process.poll() is not None

    def figures(self):
        with self._folder:
            status = self._process.wait(PATIENCE)
            assert status == 0, f"muster bench ended with {status}"
            return json.loads(self._file.read_text())


def muster_bench(hosts, *arguments):
    """The figures of one measurement: WORKLOAD OPTION…."""
    return Running(hosts, *arguments).figures()


def load_znodes(hosts, count):
    """That many znodes of DATA_BYTES below one."""
    muster_bench(hosts, "get", "--keys", count, "--keep", "--seconds", 0.1, "--warm-up", 0)
