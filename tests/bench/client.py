"""What a get costs its client: muster::Client beside ZooKeeper's C library, libzookeeper_mt, in one run against the same server.

    python3 -m bench.client            from tests/, or: scripts/bench client

Ten connections keep 50 gets of a node of 100 bytes in flight each. The figure is the processor time in user mode of the client's
whole process for one get (getrusage), the median of several rounds in which the programs take turns. "raw" sends bytes made
beforehand and only counts the replies: what a library takes beyond that is its own.
"""

import argparse
import json
import statistics
import subprocess

from kazoo.client import KazooClient

from interop.cluster import Ensemble, KINDS, program

PROGRAMS = {"raw": "bench-get-raw", "muster": "bench-get-muster", "zookeeper": "bench-get-zookeeper"}


def measure(name, server, arguments):
    gets = arguments.gets * (10 if name == "raw" else 1)  # it is so fast that the system's clock of its time would be too coarse
    command = [program(PROGRAMS[name]), server.hosts, "/bench", str(arguments.connections), str(arguments.window), str(gets)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=600).stdout)


def run(arguments):
    rounds = {name: [] for name in PROGRAMS}
    with Ensemble(3, kind=arguments.kind) as ensemble:
        server = ensemble.wait_follower()
        client = KazooClient(server.hosts)
        client.start(30)
        client.create("/bench", b"x" * 100)
        client.stop()
        client.close()
        for _ in range(arguments.rounds):
            for name in PROGRAMS:
                rounds[name].append(measure(name, server, arguments))
    return rounds


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench client", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of each program, in turn (default 5)")
    parser.add_argument("--gets", type=int, default=500_000, help="in each round (default 500000)")
    parser.add_argument("--connections", type=int, default=10, help="(default 10)")
    parser.add_argument("--window", type=int, default=50, help="gets in flight on each connection (default 50)")
    parser.add_argument("--kind", choices=KINDS, default="muster", help="the servers (default muster)")
    arguments = parser.parse_args()

    rounds = run(arguments)
    median = {name: {key: statistics.median(r[key] for r in results) for key in results[0]} for name, results in rounds.items()}
    print(f"{arguments.connections} connections × {arguments.window} gets in flight, medians of {arguments.rounds} rounds:")
    for name, figures in median.items():
        own = figures["user_us"] - median["raw"]["user_us"]
        print(f"  {name:9} {figures['user_us']:6.2f} µs user ({own:5.2f} its own), {figures['system_us']:6.2f} µs system a get, "
              f"{figures['gets_per_second']:9,.0f} gets/s")
    ours, theirs, raw = (median[name]["user_us"] for name in ("muster", "zookeeper", "raw"))
    print(f"user time, zookeeper : muster = {theirs / ours:.1f} : 1; of the libraries' own {(theirs - raw) / max(ours - raw, 0.01):.1f} : 1")


if __name__ == "__main__":
    main()
