"""Muster beside ZooKeeper, a server that does nothing and a replicated chain that does nothing else than replicate.

    python3 -m bench.throughput                      from tests/, or: scripts/bench throughput
    python3 -m bench.throughput --quick              or: scripts/bench quick

All run on this machine at the same time, each with what it ships with, and are measured in turn, in several rounds. A figure is a ratio
of two measurements of the same round; what is printed is the median over the rounds and, in brackets, the least and the greatest.
"""

import argparse
import contextlib
import dataclasses
import json
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

from bench import machine, targets
from interop.cluster import ROOT, program

RESULTS = ROOT / "tests" / "bench" / "RESULTS.md"
STEADY_SHARE = 0.8  # of ZooKeeper's best throughput, at which latencies are compared: at its best the queue only grows
CONCURRENCIES = (1, 10, 30, 100, 300, 1000)


@dataclasses.dataclass
class Goal:
    """How much more Muster must do than `than`; None: no goal, it is only reported."""
    than: str
    factor: float = None

    def __str__(self):
        return "" if self.factor is None else f"≥ {self.factor:g}"


@dataclasses.dataclass
class Line:
    name: str
    workload: str
    connections: int
    in_flight: int
    goals: list

    def names(self):
        return ["muster"] + [goal.than for goal in self.goals]


LINES = [
    Line("set, 10 × 50", "set", 10, 50, [Goal("zookeeper", 15), Goal("chain")]),
    Line("create, 10 × 50", "create", 10, 50, [Goal("zookeeper", 15)]),
    Line("get, 10 × 50", "get", 10, 50, [Goal("limit", 0.4), Goal("zookeeper")]),
    Line("get, 300 × 1", "get", 300, 1, [Goal("limit", 0.8), Goal("zookeeper")]),
    Line("set, 300 × 1", "set", 300, 1, [Goal("zookeeper", 5), Goal("chain")]),
    Line("set, 1 × 1", "set", 1, 1, [Goal("zookeeper", 2.5), Goal("chain", 0.8)]),
    Line("get, 1 × 1", "get", 1, 1, [Goal("limit", 0.9), Goal("zookeeper")]),
]
SWEEP = [Line(f"{workload}, {connections} × 1", workload, connections, 1, [Goal("zookeeper", 1)])
         for workload in ("set", "get") for connections in CONCURRENCIES]


class Spread:
    """The median of some ratios, with the least and the greatest."""

    def __init__(self, ratios):
        self.median, self.least, self.greatest = statistics.median(ratios), min(ratios), max(ratios)

    def __str__(self):
        digits = 1 if self.median >= 10 else 2
        return f"{self.median:.{digits}f} ({self.least:.{digits}f}–{self.greatest:.{digits}f})"


class Bench:
    """Runs `muster bench` and remembers its figures by line, round and target."""

    def __init__(self, arguments, by_name):
        self.arguments = arguments
        self.targets = by_name
        self.folder = tempfile.TemporaryDirectory(prefix="muster-bench-")
        self.figures = {}

    def measure(self, name, workload, connections, in_flight, rate=0, seconds=None):
        file = pathlib.Path(self.folder.name) / "figures.json"
        command = [program("muster"), "bench", workload, "-s", self.targets[name].hosts, "--connections", connections,
                   "--in-flight", in_flight, "--size", targets.DATA_BYTES, "--seconds", seconds or self.arguments.seconds,
                   "--warm-up", self.arguments.warm_up, "--rate", rate, "--json", file]
        used = self.targets[name].cpu_seconds()
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        figures = json.loads(file.read_text())
        # What prepared the keys is in it too, and is little beside the rest.
        requests = figures["completed"] * (1 + figures["warm_up"] / figures["seconds"])
        figures["cpu_us"] = 1e6 * (self.targets[name].cpu_seconds() - used) / max(requests, 1)
        # At a fixed rate a server may fall behind; what it owes at the end is in its latencies with the time waited so far.
        wrong = {error: number for error, number in figures["errors"].items() if rate == 0 or error != "not answered in time"}
        assert not wrong, f"{name}: {workload}: {wrong}"
        return figures

    def in_turn(self, lines, number):
        """One round: each line on each of its targets; the order of the targets changes from round to round."""
        for line in lines:
            names = line.names()
            for at in range(len(names)):
                name = names[(at + number) % len(names)]
                figures = self.measure(name, line.workload, line.connections, line.in_flight)
                self.figures.setdefault((line.name, name), []).append(figures)

    def throughput(self, line, name):
        return [figures["throughput"] for figures in self.figures[line.name, name]]


def ratio_rows(bench, lines):
    """(line, throughput of Muster, than whom, its throughput, ratio with spread, goal, reached)."""
    for line in lines:
        ours = bench.throughput(line, "muster")
        for goal in line.goals:
            theirs = bench.throughput(line, goal.than)
            spread = Spread([a / b for a, b in zip(ours, theirs)])
            reached = "" if goal.factor is None else "yes" if spread.median >= goal.factor else "no"
            yield (line.name, f"{statistics.median(ours):,.0f}/s", goal.than, f"{statistics.median(theirs):,.0f}/s", spread, goal,
                   reached)


def latency_rows(bench, rounds, seconds):
    """Open loop, sets, at a rate that ZooKeeper sustains; ratios above 1 mean that Muster's latency is lower."""
    rate = round(STEADY_SHARE * statistics.median(bench.throughput(LINES[0], "zookeeper")))
    seen = {"muster": [], "zookeeper": []}
    for number in range(rounds):
        for name in sorted(seen, reverse=number % 2 == 1):
            seen[name].append(bench.measure(name, "set", 10, 50, rate=rate, seconds=seconds)["latency_ms"])
    for percentile in ("p50", "p99", "p99.9", "max"):
        ours, theirs = ([figures[percentile] for figures in seen[name]] for name in ("muster", "zookeeper"))
        spread = Spread([b / a for a, b in zip(ours, theirs)])
        yield (f"set, {rate:,}/s, {percentile}", f"{statistics.median(ours):.2f} ms", "zookeeper", f"{statistics.median(theirs):.2f} ms",
               spread, Goal("zookeeper", 1), "yes" if spread.median >= 1 else "no")


def cpu_rows(bench):
    """Of all servers together, for one request. It depends little on what else the machine does."""
    for line in (LINES[0], LINES[2]):
        ours, theirs = ([figures["cpu_us"] for figures in bench.figures[line.name, name]] for name in ("muster", "zookeeper"))
        yield (f"{line.name}: CPU", f"{statistics.median(ours):.2f} µs", "zookeeper", f"{statistics.median(theirs):.2f} µs",
               Spread([b / a for a, b in zip(ours, theirs)]), Goal("zookeeper"), "")


HEADINGS = ("work", "Muster", "beside", "its figure", "times better (least–greatest)", "goal", "reached")


def table(rows):
    cells = [list(map(str, row)) for row in rows]
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in cells])


def show(rows):
    rows = list(rows)
    cells = [HEADINGS] + [tuple(map(str, row)) for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), flush=True)
    print(flush=True)
    return rows


def warm_up(bench, seconds):
    """Once, long: a virtual machine compiles what it runs often."""
    for workload in ("create", "get", "set"):
        bench.measure("zookeeper", workload, 10, 50, seconds=seconds)
        bench.measure("muster", workload, 10, 50, seconds=0.5)


def run(arguments):
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.data))
        by_name = {target.name: target for target in (
            stack.enter_context(targets.ensemble("muster", data)), stack.enter_context(targets.ensemble("zookeeper", data)),
            stack.enter_context(targets.null_server()), stack.enter_context(targets.null_chain(data)))}
        bench = Bench(arguments, by_name)
        warm_up(bench, 1 if arguments.quick else 5)
        lines = LINES if arguments.quick else LINES + SWEEP
        for number in range(arguments.rounds):
            bench.in_turn(lines, number)
            print(f"round {number + 1} of {arguments.rounds}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
        tables = {"Throughput": show(ratio_rows(bench, LINES)), "CPU of all servers for one request": show(cpu_rows(bench)),
                  f"Latency at {STEADY_SHARE:.0%} of ZooKeeper's best throughput, open loop":
                      show(latency_rows(bench, arguments.rounds, 2 if arguments.quick else 10))}
        if not arguments.quick:
            tables["Throughput by concurrency"] = show(ratio_rows(bench, SWEEP))
    return tables


def write_results(file, tables, arguments, seconds):
    text = ["# What was measured", "",
            "Written by `scripts/bench throughput`; do not edit. Ratios of measurements made in turn in the same run: absolute figures say",
            "little of another machine. *limit*: a server that answers at once and does nothing; *chain*: three servers that only hop, sync on",
            "two of three, and hop back. Latencies: how many times lower Muster's are.", "",
            *machine.provenance(arguments.command, arguments.data, seconds),
            f"- {arguments.rounds} rounds of {arguments.seconds:g} s each, after {arguments.warm_up:g} s; {targets.DATA_BYTES}-byte values", ""]
    for heading, rows in tables.items():
        text += [f"## {heading}", "", table(rows), ""]
    file.write_text("\n".join(text))


def parse(words):
    parser = argparse.ArgumentParser(prog="scripts/bench throughput", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer lines, shorter rounds: within three minutes")
    parser.add_argument("--rounds", type=int, help="how often everything is measured (default 5, quick 3)")
    parser.add_argument("--seconds", type=float, help="of each measurement (default 3, quick 1)")
    parser.add_argument("--warm-up", type=float, help="seconds before each (default 1, quick 0.3)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for all servers' data, on a real disk (default build/)")
    parser.add_argument("--write", action="store_true", help="write tests/bench/RESULTS.md (without --quick: always)")
    arguments = parser.parse_args(words)
    defaults = (3, 1, 0.3) if arguments.quick else (5, 3, 1)
    for name, value in zip(("rounds", "seconds", "warm_up"), defaults):
        if getattr(arguments, name) is None:
            setattr(arguments, name, value)
    kept = [word for word in words if word != "--quick"]
    arguments.command = shlex.join(["scripts/bench", "quick" if arguments.quick else "throughput", *kept])
    return arguments


def main():
    arguments = parse(sys.argv[1:])
    started = time.monotonic()
    tables = run(arguments)
    if arguments.write or not arguments.quick:
        write_results(RESULTS, tables, arguments, time.monotonic() - started)
        print(f"written: {RESULTS.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
