"""Latency of writes beside ZooKeeper, at the rate that is the most it can do.

    python3 -m bench.latency                         from tests/, or: scripts/bench latency
"""

import argparse
import statistics
import sys
import time

from bench import scale
from bench.run import Running, load_znodes, muster_bench
from interop.cluster import Ensemble, KINDS, ROOT

GOALS = {"p50": None, "p99": 10, "p99.9": 20, "max": None}  # how many times lower Muster's must be
SETTLE_SECONDS = 3
WINDOW = ("--connections", 10, "--in-flight", 50)


def best_rate(ensemble, arguments):
    """The median of some rounds, after a long one in which the virtual machine compiles what it runs often."""
    muster_bench(ensemble.hosts, "set", *WINDOW, "--seconds", 10, "--warm-up", 0)
    rates = [muster_bench(ensemble.hosts, "set", *WINDOW, "--seconds", 3, "--warm-up", 1)["throughput"] for _ in range(arguments.rounds)]
    return statistics.median(rates)


def at_rate(hosts, rate, seconds):
    return Running(hosts, "set", *WINDOW, "--rate", rate, "--seconds", seconds, "--warm-up", 2)


def plain(ensemble, rate, arguments):
    return at_rate(ensemble.hosts, rate, arguments.seconds).figures()


def hand_over(ensemble, rate, arguments):
    """Clients of the followers, while the leader is stopped as it should be."""
    leader = ensemble.wait_leader()
    followers = [server for server in ensemble.servers if server is not leader]
    running = at_rate(",".join(server.hosts for server in followers), rate, arguments.seconds)
    time.sleep(2 + arguments.seconds / 3)
    assert not running.ended(), "the load ended too early"
    leader.terminate()
    figures = running.figures()
    leader.start()
    ensemble.wait_serving()
    return figures


def through_checkpoint(ensemble, rate, arguments):
    """So many writes that each server stores its state meanwhile."""
    seconds = max(arguments.seconds, arguments.checkpoint_writes / rate)
    return at_rate(ensemble.hosts, rate, seconds).figures()


MOMENTS = (("little data", False, plain), ("{znodes:,} znodes", True, plain), ("the same, through checkpoints", True, through_checkpoint),
           ("the same, through a hand-over", True, hand_over))


def measure(ensembles, rate, arguments):
    """(moment, kind, figures) in turn."""
    loaded = False
    for name, wants_znodes, act in MOMENTS:
        if wants_znodes and not loaded:
            for ensemble in ensembles.values():
                load_znodes(ensemble.hosts, arguments.znodes)
            time.sleep(SETTLE_SECONDS)
            loaded = True
        yield name.format(znodes=arguments.znodes), {kind: act(ensemble, rate, arguments) for kind, ensemble in ensembles.items()}


def rows_of(name, figures):
    for percentile, goal in GOALS.items():
        ours, theirs = (figures[kind]["latency_ms"][percentile] for kind in KINDS)
        ratio = theirs / ours
        yield (name, percentile, f"{ours:.2f} ms", f"{theirs:.2f} ms", f"{ratio:.1f}", "" if goal is None else f"≥ {goal}",
               "" if goal is None else scale.verdict(ratio >= goal))
    errors = ["; ".join(f"{count} × {error}" for error, count in figures[kind]["errors"].items()) or "none" for kind in KINDS]
    yield (name, "without a good answer", *errors, "", "", "")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench latency", description=__doc__.splitlines()[0])
    parser.add_argument("--znodes", type=int, default=1_000_000, help="for the later lines (default a million)")
    parser.add_argument("--rounds", type=int, default=3, help="in which ZooKeeper's best rate is found (default 3)")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement (default 20)")
    parser.add_argument("--checkpoint-writes", type=int, default=300_000, help="through checkpoints, at least (default 300000)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    section = scale.Section("Latency beside ZooKeeper", "latency", sys.argv[1:], arguments.data)
    with Ensemble(3, kind="muster", directory=arguments.data) as ours, Ensemble(3, kind="zookeeper", directory=arguments.data) as theirs:
        ours.wait_voting()
        rate = round(best_rate(theirs, arguments))
        rows = [row for name, figures in measure({"muster": ours, "zookeeper": theirs}, rate, arguments)
                for row in rows_of(name, figures)]
    section.say(f"Sets of 100 bytes in an open loop at {rate:,} a second, which is the most that ZooKeeper did in a closed one, on ten "
                "connections; both servers run, and are measured in turn. Latency counts from when a request was due.")
    section.say()
    section.table(("when", "latency", "Muster", "ZooKeeper", "times lower", "goal", "reached"), rows)
    section.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
