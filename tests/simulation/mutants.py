"""Hunts every deliberate bug by random seeds, and writes the table of MUTANTS.md anew.

    python3 -m simulation.mutants                        from tests/; all of them, with build/muster-sim
    python3 -m simulation.mutants second-vote ...        these only; the other rows stay

The profile of a row, which is where its bug is hunted, and what the explorer found are taken over from the page. A bug without a row
gets one.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path(__file__).with_name("MUTANTS.md")
SIMULATOR = pathlib.Path(__file__).parents[2] / "build" / "muster-sim"
CANARY = "unseeded-random"  # of the simulator, not of Muster
UNKNOWN = "–"
ROW = re.compile(r"^\| ([a-z-]+) \| (core|full|disk|session|sync) \| .* \| ([^|]*) \|$", re.M)


def hunt(name, profile, arguments):
    """The cells between profile and explorer: seeds, the one that found it, processor seconds, invariant. Nothing: it survived."""
    command = [SIMULATOR, "--mutant", name, "--until-failure", "--profile", profile, "--seed", str(arguments.seed),
               "--seeds", str(arguments.seeds), "--simulated-minutes", "2", "--jobs", str(arguments.jobs)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    found = re.search(r"^KILLED .* seeds=(\d+) seed=(\d+) invariant=(\S+) .*cpu_seconds=(\S+)$", ended.stdout, re.M)
    print(ended.stdout, end="", flush=True)
    if found and ended.returncode == 0:
        seeds, seed, invariant, seconds = found.groups()
        return [seeds, seed, seconds, invariant]
    return None


def put(row, line):
    """In the place of the row, or behind the last one."""
    page = PAGE.read_text()
    if row:
        PAGE.write_text(page[:row.start()] + line + page[row.end():])
    else:
        end = list(ROW.finditer(page))[-1].end()
        PAGE.write_text(page[:end] + "\n" + line + page[end:])


def main():
    parser = argparse.ArgumentParser(prog="simulation.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("mutants", nargs="*", help="these only")
    parser.add_argument("--seed", type=int, default=1, help="the first (default 1)")
    parser.add_argument("--seeds", type=int, default=3000, help="at most, for each (default 3000)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="seeds at once (default: one for each processor)")
    arguments = parser.parse_args()
    listed = subprocess.run([SIMULATOR, "--list-mutants"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    survivors = []
    for name in listed:
        if name == CANARY or arguments.mutants and name not in arguments.mutants:
            continue
        row = next((row for row in ROW.finditer(PAGE.read_text()) if row[1] == name), None)
        profile, explorer = (row[2], row[3]) if row else ("full", UNKNOWN)
        cells = hunt(name, profile, arguments)
        if cells is None:
            survivors.append(name)
        put(row, f"| {' | '.join([name, profile, *(cells or [UNKNOWN] * 4), explorer])} |")
    sys.exit(f"not found: {', '.join(survivors)}" if survivors else 0)


if __name__ == "__main__":
    main()
