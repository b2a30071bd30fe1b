"""How reads, writes and memory go with the number of servers and of znodes.

    python3 -m bench.growth                          from tests/, or: scripts/bench growth
"""

import argparse
import os
import sys
import time

from bench import scale
from bench.processes import cpu_seconds, resident_bytes
from bench.run import load_znodes, muster_bench
from interop.cluster import Ensemble, ROOT

SETTLE_SECONDS = 3
WINDOW = ("--connections", 10, "--in-flight", 50)
SIZES = (1, 3, 5, 7)


class Cost:
    """What one workload took: requests a second, and µs of the processor for each, of the leader, of one follower, of all."""

    def __init__(self, ensemble, workload, arguments):
        leader = ensemble.wait_leader()
        before = {server: cpu_seconds(server.process.pid) for server in ensemble.servers}
        figures = muster_bench(ensemble.hosts, workload, *WINDOW, "--seconds", arguments.seconds, "--warm-up", 1)
        assert not figures["errors"], figures["errors"]
        requests = figures["completed"] * (1 + figures["warm_up"] / figures["seconds"])
        used = {server: 1e6 * (cpu_seconds(server.process.pid) - before[server]) / requests for server in ensemble.servers}
        followers = [us for server, us in used.items() if server is not leader]
        self.rate = figures["throughput"]
        self.leader = used[leader]
        self.follower = sum(followers) / len(followers) if followers else 0
        self.all = sum(used.values())


def measure(size, znodes, arguments):
    with Ensemble(size, kind="muster", directory=arguments.data) as ensemble:
        ensemble.wait_voting()
        load_znodes(ensemble.hosts, znodes)
        time.sleep(SETTLE_SECONDS)
        memory = max(resident_bytes(server.process.pid) for server in ensemble.servers)
        return memory, Cost(ensemble, "get", arguments), Cost(ensemble, "set", arguments)


def arithmetic(costs, section):
    """What the same would be if each server had a processor of its own. `costs`: (reads, writes) by number of servers, of the same znodes."""
    section.say("**On paper: each server on a machine of its own**, where its one thread has a core. A read takes one server alone, so that "
                "reads grow with the servers; a write takes the leader and every follower at once, so that the busier of the two bounds it. "
                "Disks and networks are left out.")
    section.say()
    rows = []
    for size, (reads, writes) in costs.items():
        busiest = max(writes.leader, writes.follower)
        rows.append((size, f"{size * 1e6 / reads.all:,.0f}/s", f"{1e6 / busiest:,.0f}/s",
                     f"{writes.leader:.1f} µs", f"{writes.follower:.1f} µs", f"{reads.all:.2f} µs"))
    section.table(("servers", "gets", "sets", "leader, a set", "follower, a set", "a get"), rows)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench growth", description=__doc__.splitlines()[0])
    parser.add_argument("--ten-million", action="store_true", help="with ten million znodes, too, on three servers: some 8 GB of memory")
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement (default 5)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    section = scale.Section("Growth", "growth", sys.argv[1:], arguments.data)
    lines = [(size, znodes) for znodes in (10_000, 1_000_000) for size in SIZES]
    if arguments.ten_million:
        lines.append((3, 10_000_000))
    rows, costs = [], {}
    for size, znodes in lines:
        memory, reads, writes = measure(size, znodes, arguments)
        costs.setdefault(znodes, {})[size] = (reads, writes)
        rows.append((size, f"{znodes:,}", f"{reads.rate:,.0f}/s", f"{writes.rate:,.0f}/s", f"{memory / 2**20:,.0f} MiB"))
        print(rows[-1], file=sys.stderr, flush=True)
    section.say(f"All servers and the load on one machine with {os.cpu_count()} cores, ten connections of fifty in flight, spread over the "
                "servers; 100-byte values. Memory: resident, of the server that takes most.")
    section.say()
    section.table(("servers", "znodes", "gets", "sets", "memory of a server"), rows)
    arithmetic(costs[1_000_000], section)
    section.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
