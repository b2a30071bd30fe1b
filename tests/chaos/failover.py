"""Kills or stops the leader again and again under load, and counts exactly what became of every write.

    python3 -m chaos.failover --rounds 20            from tests/, or: scripts/bench failover

Asserted, for every round: no acknowledged write is lost, none takes effect twice, what was lost with a connection is an
unbroken end of what its session had sent, connections to surviving servers stay open and their writes in flight are answered.
Printed, never asserted: the longest time without an acknowledged write around each blow.
"""

import argparse
import asyncio
import bisect
import statistics
import sys
import time

from interop.cluster import Ensemble, KINDS, default_kind
from support.load import Load

LOAD_BEFORE_SECONDS = 0.7  # of undisturbed load before each blow
LOAD_AFTER_SECONDS = 1.0   # after the first acknowledged write that follows it


class Gaps:
    """The longest time between two acknowledged writes around each blow, in ms."""

    def __init__(self):
        self.of = {"SIGKILL": [], "SIGSTOP": []}

    def line(self, blow):
        gaps = self.of[blow]
        if not gaps:
            return f"{blow}: no rounds"
        return f"{blow}: median {statistics.median(gaps):.0f} ms, worst {max(gaps):.0f} ms of {len(gaps)} rounds"


def longest_gap_ms(times, since, until):
    first = max(0, bisect.bisect_left(times, since) - 1)
    last = bisect.bisect_right(times, until)
    window = times[first:last]
    return 1000 * max((b - a for a, b in zip(window, window[1:])), default=until - since)


def zxid(server):
    for line in server.four_letters("srvr").splitlines():
        if line.startswith("Zxid: "):
            return int(line[len("Zxid: "):], 16)
    return -1


async def caught_up(load, server, leader):
    goal = await asyncio.to_thread(zxid, leader)
    for _ in range(6000):
        if await asyncio.to_thread(zxid, server) >= goal:
            return
        await asyncio.sleep(0.02)
    load.violation(f"{server} did not catch up with {leader}")


async def one_round(ensemble, load, blow, number, gaps, log):
    victim = await asyncio.to_thread(ensemble.wait_leader)
    load.go_home()
    await asyncio.sleep(0.3)
    await load.until(lambda: all(writer.ready for writer in load.writers), "all writers are connected")
    started, before = time.monotonic(), len(load.acknowledged)
    await asyncio.sleep(LOAD_BEFORE_SECONDS)
    rate = (len(load.acknowledged) - before) / (time.monotonic() - started)

    load.excused.add(victim)
    survivors = [writer for writer in load.writers if writer.server is not victim and writer.ready]
    marks = {writer: writer.sent for writer in survivors}
    struck = time.monotonic()
    victim.kill_now() if blow == "SIGKILL" else victim.stop()
    # What was acknowledged before the blow may still be under way to us; the first write sent after it can't.
    await load.until(lambda: all(writer.finished >= marks[writer] or not load.survivors_stay for writer in survivors),
                     "the writes in flight to surviving servers are answered")
    others = [server for server in ensemble.servers if server is not victim]
    leader = await asyncio.to_thread(ensemble.wait_leader, others)
    resumed = len(load.acknowledged)
    await load.until(lambda: len(load.acknowledged) > resumed, "writes go on")
    await asyncio.sleep(LOAD_AFTER_SECONDS)
    gap = longest_gap_ms(load.acknowledged, struck, time.monotonic())
    gaps.of[blow].append(gap)
    log(f"round {number:2}: {blow} of {victim}: {gap:6.0f} ms without a write, {rate:,.0f} acknowledged/s before")

    if blow == "SIGKILL":
        await asyncio.to_thread(victim.wait)
        victim.start()
    else:
        victim.cont()
    await asyncio.to_thread(ensemble.wait_serving)
    await caught_up(load, victim, leader)
    await load.until(lambda: all(writer.ready for writer in load.writers), "all writers are connected again")
    load.excused.discard(victim)


async def run(ensemble, arguments, log=print):
    load = Load(ensemble.servers, writers=arguments.clients, rate=arguments.rate, survivors_stay=ensemble.kind == "muster")
    gaps = Gaps()
    started = time.monotonic()
    await load.open()
    opened = time.monotonic()
    try:
        for number in range(1, arguments.rounds + 1):
            await one_round(ensemble, load, "SIGKILL", number, gaps, log)
        for number in range(1, arguments.stop_rounds + 1):
            await one_round(ensemble, load, "SIGSTOP", number, gaps, log)
        await load.stop()
        ended = time.monotonic()
        await load.verify()
    finally:
        await load.close()
    log(f"{len(load.acknowledged):,} writes acknowledged in {ended - opened:.0f} s "
        f"({len(load.acknowledged) / (ended - opened):,.0f}/s) to {len(load.writers)} clients; "
        f"{load.settled:,} lost with a connection, {load.settled_applied:,} of these had taken effect; "
        f"{load.closed_by_survivor} connections closed by survivors; {len(load.violations)} violations; "
        f"{time.monotonic() - started:.0f} s")
    return gaps, load


def strike(kind, arguments, log=print):
    with Ensemble(3, kind=kind, directory=arguments.data) as ensemble:
        gaps, load = asyncio.run(run(ensemble, arguments, log))
        if load.violations:
            ensemble.print_logs()
    return gaps, load


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench failover", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="SIGKILLs of the leader (default 20)")
    parser.add_argument("--stop-rounds", type=int, default=5, help="SIGSTOPs of the leader (default 5)")
    parser.add_argument("--rate", type=int, default=3000, help="writes per second, all clients together (default 3000)")
    parser.add_argument("--clients", type=int, default=12, help="connections, spread over all servers (default 12)")
    parser.add_argument("--kind", choices=KINDS, default=default_kind(), help="what to strike (default muster)")
    parser.add_argument("--with-zookeeper", action="store_true", help="the same once more for Apache ZooKeeper")
    parser.add_argument("--data", help="folder for the servers' data (default: the system's for temporary files)")
    arguments = parser.parse_args()

    kinds = [arguments.kind] + (["zookeeper"] if arguments.with_zookeeper else [])
    results = {}
    for kind in kinds:
        print(f"{kind}: {arguments.rounds} × SIGKILL, {arguments.stop_rounds} × SIGSTOP of the leader", flush=True)
        results[kind] = strike(kind, arguments, lambda text: print(text, flush=True))
    print("\nno acknowledged write:")
    for kind, (gaps, _) in results.items():
        for blow in gaps.of:
            print(f"  {kind:9} {gaps.line(blow)}")
    broken = sum(len(load.violations) for _, load in results.values())
    print(f"{'FAILED' if broken else 'passed'}: {broken} violations of safety")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
