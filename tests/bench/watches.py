"""A million watches: their memory, and how soon the last of ten thousand watchers hears of a change.

    python3 -m bench.watches                         from tests/, or: scripts/bench watches
"""

import argparse
import sys
import time

from bench import scale
from bench.crowds import crowds
from bench.processes import allow_many_files, resident_bytes
from bench.run import muster_bench
from interop.cluster import Ensemble, ROOT, eventually

TIMEOUT_MS = 30_000
SETTLE_SECONDS = 2
MAX_BYTES, MAX_FAN_OUT_MS = 40, 50


def bytes_each(arguments, own):
    """What one server grows by for each watch."""
    with Ensemble(1, kind="muster", directory=arguments.data) as ensemble, crowds() as start:
        each = arguments.watches // arguments.connections
        crowd = start(ensemble.hosts, arguments.connections, TIMEOUT_MS, each, own)
        crowd.wait_open()
        time.sleep(SETTLE_SECONDS)
        process = ensemble.servers[0].process
        before = resident_bytes(process.pid)
        crowd.watch()
        watches = each * arguments.connections
        eventually(lambda: crowd.report()["watched"] == watches, f"{watches} watches are set", seconds=120)
        time.sleep(SETTLE_SECONDS)
        return (resident_bytes(process.pid) - before) / watches


def memory(arguments, section):
    each = arguments.watches // arguments.connections
    section.say(f"{arguments.watches:,} watches of {arguments.connections:,} connections: what the server grew by for each, with all that "
                f"the connections keep of having asked for them. Paths are of 17 characters. Goal: {MAX_BYTES} bytes.")
    section.say()
    shared = bytes_each(arguments, own=False)
    section.table(("watches", "bytes each", "reached"),
                  [(f"all connections watch the same {each:,} paths", f"{shared:.0f}", scale.verdict(shared <= MAX_BYTES)),
                   ("each path has one watch; with the path itself", f"{bytes_each(arguments, own=True):.0f}", "")])


def fan_out(arguments, section):
    with Ensemble(3, kind="muster", directory=arguments.data) as ensemble:
        ensemble.wait_voting()
        figures = muster_bench(ensemble.hosts, "watch", "--connections", arguments.watchers, "--seconds", arguments.seconds,
                               "--warm-up", 2)
    assert not figures["errors"], figures["errors"]
    latency = figures["latency_ms"]
    section.say(f"One znode, watched by {arguments.watchers:,} connections to three servers: from the start of its change until the last "
                f"of them has the event. Goal: {MAX_FAN_OUT_MS} ms.")
    section.say()
    section.table(("changes", "median", "p99", "longest", "reached"),
                  [(latency["count"], *(f"{latency[name]:.0f} ms" for name in ("p50", "p99", "max")),
                    scale.verdict(latency["p50"] <= MAX_FAN_OUT_MS))])


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench watches", description=__doc__.splitlines()[0])
    parser.add_argument("--watches", type=int, default=1_000_000, help="in all (default a million)")
    parser.add_argument("--connections", type=int, default=1_000, help="that set them (default 1000)")
    parser.add_argument("--watchers", type=int, default=10_000, help="of one znode (default 10000)")
    parser.add_argument("--seconds", type=float, default=10, help="of changes to it (default 10)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    allow_many_files()
    section = scale.Section("Watches", "watches", sys.argv[1:], arguments.data)
    memory(arguments, section)
    fan_out(arguments, section)
    section.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
