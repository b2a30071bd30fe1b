"""A million znodes of 100 bytes: memory, the longest pause under load, restart. Beside ZooKeeper.

    python3 -m bench.size                            from tests/, or: scripts/bench size
"""

import argparse
import sys
import time

from bench.processes import resident_bytes
from bench.run import load_znodes, muster_bench
from interop.cluster import Ensemble, KINDS, ROOT, eventually

PATIENCE = 600


def restart_seconds(ensemble):
    """Of a follower that is stopped as it should be: from the start of its process until it serves again."""
    server = ensemble.wait_follower()
    server.terminate()
    started = time.monotonic()
    server.start()
    eventually(server.mode, f"{server} serves", seconds=PATIENCE, interval=0.005)
    return time.monotonic() - started


def measure(kind, arguments):
    with Ensemble(3, kind=kind, directory=arguments.data) as ensemble:
        started = time.monotonic()
        load_znodes(ensemble.hosts, arguments.znodes)
        print(f"{kind}: {arguments.znodes:,} znodes created in {time.monotonic() - started:.0f} s", flush=True)
        memory = [resident_bytes(server.process.pid) / 2**20 for server in ensemble.servers]
        # Enough entries for a snapshot or a checkpoint to fall into it.
        load = muster_bench(ensemble.hosts, "set", "--seconds", arguments.seconds, "--rate", arguments.rate)
        restart = restart_seconds(ensemble)
    print(f"{kind}: {max(memory):,.0f} MB resident at most of three servers; longest gap {load['longest_gap_ms']:.1f} ms and p99.9 "
          f"{load['latency_ms']['p99.9']:.1f} ms in {arguments.seconds} s of {arguments.rate:,} sets a second; a follower serves "
          f"{restart:.2f} s after its start", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench size", description=__doc__.splitlines()[0])
    parser.add_argument("--znodes", type=int, default=1_000_000, help="default a million")
    parser.add_argument("--seconds", type=int, default=30, help="of load (default 30)")
    parser.add_argument("--rate", type=int, default=5000, help="sets a second (default 5000)")
    parser.add_argument("--kinds", default=",".join(KINDS), help=f"default {','.join(KINDS)}")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    for kind in arguments.kinds.split(","):
        measure(kind, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
