"""Many sessions: what those cost that do nothing, and how soon they are back when their server is killed.

    python3 -m bench.sessions                        from tests/, or: scripts/bench sessions
"""

import argparse
import sys
import time

from bench import scale
from bench.crowds import crowds, total
from bench.processes import allow_many_files, cpu_seconds, resident_bytes
from interop.cluster import Ensemble, ROOT, eventually

SETTLE_SECONDS = 3
MAX_CPU_PERCENT, MAX_BYTES, MAX_BACK_SECONDS = 2, 4096, 5


def connections(server):
    """Of clients, without the one that asks."""
    for line in server.four_letters("mntr").splitlines():
        if line.startswith("zk_num_alive_connections\t"):
            return int(line.split("\t")[1]) - 1
    raise AssertionError(f"{server} does not tell its connections")


def cpu_percent(servers, seconds):
    """Of a core, by each server, in that time."""
    before = [cpu_seconds(server.process.pid) for server in servers]
    time.sleep(seconds)
    return [100 * (cpu_seconds(server.process.pid) - used) / seconds for server, used in zip(servers, before)]


def resident(servers):
    return [resident_bytes(server.process.pid) for server in servers]


def idle(arguments, words):
    section = scale.Section("Idle sessions", "sessions", words, arguments.data)
    with Ensemble(3, kind="muster", directory=arguments.data) as ensemble, crowds() as start:
        ensemble.wait_voting()
        servers = ensemble.servers
        leader = ensemble.wait_leader()
        time.sleep(SETTLE_SECONDS)
        alone, empty = cpu_percent(servers, arguments.seconds / 3), resident(servers)
        start(ensemble.hosts, arguments.idle, arguments.timeout_ms).wait_open()
        time.sleep(SETTLE_SECONDS)
        full, busy = resident(servers), cpu_percent(servers, arguments.seconds)
        held = [connections(server) for server in servers]
    rows = []
    for i, server in enumerate(servers):
        bytes_each = (full[i] - empty[i]) / held[i]
        rows.append((f"{'leader' if server is leader else 'follower'}", f"{held[i]:,}", f"{busy[i]:.1f} %", f"{alone[i]:.1f} %",
                     f"{bytes_each:,.0f}", scale.verdict(busy[i] <= MAX_CPU_PERCENT and bytes_each <= MAX_BYTES)))
    section.say(f"{arguments.idle:,} sessions on three servers, each with a time-out of {arguments.timeout_ms / 1000:g} s, which pings after "
                f"a third of it. The memory is what a server grew by, with all sessions of the ensemble and their part of the log in it. "
                f"Goal: {MAX_CPU_PERCENT} % of a core, {MAX_BYTES} bytes.")
    section.say()
    section.table(("server", "sessions", "of a core", "without sessions", "bytes for each of its sessions", "reached"), rows)
    section.write()


def come_back(arguments, words):
    section = scale.Section("Sessions that come back", "sessions", words, arguments.data)
    options = {"limits": "{max_connections_per_address: 60000}"}
    with Ensemble(5, kind="muster", directory=arguments.data, muster=options) as ensemble, crowds() as start:
        ensemble.wait_voting()
        victim = ensemble.wait_leader()
        others = [server for server in ensemble.servers if server is not victim]
        # Of those of the victim, each crowd's find another server next.
        parts = []
        for i in range(len(others)):
            hosts = [victim, *others[i:], *others[:i]]
            parts.append(start(",".join(server.hosts for server in hosts), arguments.returning // len(others), arguments.timeout_ms))
            parts[-1].wait_open()
        sessions = sum(part.sessions for part in parts)
        before = total(parts)
        of_victim = connections(victim)
        struck = time.monotonic()
        victim.kill()
        eventually(lambda: total(parts)["lost"] >= of_victim and total(parts)["open"] == sessions, "all sessions are open again")
        after = total(parts)
        held = [connections(server) for server in others]
    back = after["last_opened"] - struck
    expired = after["expired"] - before["expired"]
    section.say(f"{sessions:,} sessions on five servers; the leader is killed, and its clients come back at once, to the others, which "
                f"hold {min(held):,} to {max(held):,} each then. Goal: none expires, all back within {MAX_BACK_SECONDS} s.")
    section.say()
    section.table(("sessions of the leader", "connections lost", "expired", "all back after", "reached"),
                  [(f"{of_victim:,}", f"{after['lost'] - before['lost']:,}", expired, f"{back:.2f} s",
                    scale.verdict(expired == 0 and back <= MAX_BACK_SECONDS))])
    section.write()


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench sessions", description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=10_000, help="sessions that do nothing; 0: leave it out (default 10000)")
    parser.add_argument("--returning", type=int, default=50_000, help="sessions of which some come back; 0: leave it out (default 50000)")
    parser.add_argument("--timeout-ms", type=int, default=30_000, help="of each session (default 30000)")
    parser.add_argument("--seconds", type=float, default=30, help="how long processor time is measured (default 30)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    allow_many_files()
    if arguments.idle:
        idle(arguments, sys.argv[1:])
    if arguments.returning:
        come_back(arguments, sys.argv[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
