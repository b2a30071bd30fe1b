"""Instructions of the hot paths, counted by callgrind and compared with what was committed.

    python3 -m bench.instructions                    from tests/, or: scripts/bench instructions

A count does not depend on how busy the machine is. It does depend on compiler and libraries: both files name theirs. What has grown by more
than a tenth is reported; whether that is right is for people to judge. --update writes tests/bench/instructions.txt.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

from bench import machine
from interop.cluster import ROOT, program

FILE = ROOT / "tests" / "bench" / "instructions.txt"
HEADING = "# Instructions of one iteration of each micro-benchmark. Written by `scripts/bench instructions --update`."
GROWTH = 1.10
ITERATIONS = 500
NODES = 20_000


def names():
    listed = subprocess.run([program("micro"), "--benchmark_list_tests"], check=True, capture_output=True, text=True).stdout
    return [line.split("/iterations:")[0] for line in listed.split()]


def count(name, iterations, folder):
    environment = {**os.environ, "MUSTER_MICRO_NODES": str(NODES), "MUSTER_MICRO_ITERATIONS": str(iterations)}
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program("micro"), f"--benchmark_filter=^{name}(/|$)"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found:
        raise SystemExit(f"callgrind did not count {name}:\n{result.stderr}")
    return int(found.group(1))


def per_iteration(name, folder):
    """Of twice as many iterations less those of once as many: what prepares them is in both."""
    return round((count(name, 2 * ITERATIONS, folder) - count(name, ITERATIONS, folder)) / ITERATIONS)


def tools():
    return "# " + ", ".join([machine.compiler(), *machine.packages("libprotobuf32", "libc6", "valgrind")])


def read(file):
    """(what counted, {name: count}) of a committed file; nothing if there is none."""
    if not file.exists():
        return "", {}
    lines = file.read_text().splitlines()
    return lines[1], {name: int(number) for name, number in (line.split() for line in lines[2:])}


def write(file, counts):
    width = max(map(len, counts))
    file.write_text("\n".join([HEADING, tools(), *(f"{name:<{width}} {number:>8}" for name, number in counts.items())]) + "\n")


def compare(counts, before):
    """A line for each; and whether any has grown."""
    grown = False
    for name, number in counts.items():
        old = before.get(name)
        change = "new" if old is None else f"{(number / old - 1):+.1%}"
        more = old is not None and number > GROWTH * old
        grown |= more
        print(f"{name:<26} {number:>8} {change:>8}{'  GROWN' if more else ''}", flush=True)
    return grown


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench instructions", description=__doc__.splitlines()[0])
    parser.add_argument("--update", action="store_true", help=f"write {FILE.relative_to(ROOT)}")
    parser.add_argument("--filter", default="", help="only names that match this expression")
    arguments = parser.parse_args()
    counted_by, before = read(FILE)
    if counted_by and counted_by != tools():
        print(f"committed:{counted_by[1:]}\nhere:     {tools()[1:]}\nDifferent tools: compare with care.\n")
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        counts = {name: per_iteration(name, folder) for name in names() if re.search(arguments.filter, name)}
    if compare(counts, before):
        print("\nMore than a tenth above what is committed. Meant? Then write it down: scripts/bench instructions --update")
    if arguments.update:
        write(FILE, {**before, **counts} if arguments.filter else counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
