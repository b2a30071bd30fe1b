"""A large state on three servers: what its checkpoints cost, and how soon a server is back with it.

    python3 -m chaos.durable            from tests/, or: scripts/bench durable

Asserted: every server that was killed or wiped comes back with all znodes, and no acknowledged write is lost or doubled.
Printed, never asserted: the longest restart (from the start of the process until it serves; the last rounds wait until the server
is about to make a checkpoint, when it has most of the log to replay), the longest time without an acknowledged write while
checkpoints are made, while none is, and while a wiped server catches up, how long that takes (until it holds what the others had
when it was started), and the most memory that each server took, with the number of znodes that it then had: the load adds to them.
"""

import argparse
import asyncio
import random
import struct
import sys
import time

from chaos.failover import caught_up, longest_gap_ms, zxid
from interop.cluster import Ensemble
from support import raw_client as raw
from support.load import Load
from support.raw_client import RawClient

MULTI = 14
PER_MULTI = 500
PER_DIRECTORY = 10000
FILL_WINDOW = 8
DATA = b"d" * 100
ASK_AGAIN_SECONDS = 0.005
NEARLY = 0.95  # of the way to the next checkpoint


def multi_of_creates(paths):
    ops = b"".join(struct.pack(">i?i", raw.CREATE, False, -1) + raw.create(path, DATA)[1] for path in paths)
    return MULTI, ops + struct.pack(">i?i", -1, True, -1)


def memory_mb(server):
    """The most that the process has had, since it started."""
    for line in open(f"/proc/{server.process.pid}/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


def cpu_seconds(server):
    fields = open(f"/proc/{server.process.pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def monitored(server, key):
    for line in server.four_letters("mntr").splitlines():
        name, _, value = line.partition("\t")
        if name == f"zk_{key}":
            return int(value)
    return -1


async def fill(server, count):
    client = RawClient()
    await client.connect(server.address)
    await client.call(raw.create("/fill"))
    room = asyncio.Semaphore(FILL_WINDOW)
    failed = []

    def answered(code, _):
        room.release()
        if code != raw.OK:
            failed.append(code)

    for first in range(0, count, PER_MULTI):
        if first % PER_DIRECTORY == 0:
            await client.call(raw.create(f"/fill/{first // PER_DIRECTORY}"))
        paths = [f"/fill/{n // PER_DIRECTORY}/{n:09}" for n in range(first, min(count, first + PER_MULTI))]
        await room.acquire()
        client.submit(multi_of_creates(paths), answered)
    for _ in range(FILL_WINDOW):
        await room.acquire()
    assert not failed, f"filling was answered {failed[:3]}"
    await client.close()


async def until_serving(server):
    """Seconds since now until it says that it leads or follows."""
    started = time.monotonic()
    while time.monotonic() - started < 120:
        if await asyncio.to_thread(server.mode):
            return time.monotonic() - started
        await asyncio.sleep(ASK_AGAIN_SECONDS)
    raise AssertionError(f"{server} does not serve")


class Bench:
    def __init__(self, ensemble, arguments):
        self.ensemble = ensemble
        self.arguments = arguments
        self.load = None

    def print_memory(self, when):
        servers = self.ensemble.running()
        print(f"most memory {when}: " + ", ".join(f"{memory_mb(server):.0f} MB" for server in servers) +
              f", of {max(monitored(server, 'znode_count') for server in servers):,} znodes", flush=True)

    async def fill(self):
        leader = self.ensemble.wait_leader()
        started = time.monotonic()
        await fill(leader, self.arguments.znodes)
        for server in self.ensemble.servers:
            while monitored(server, "znode_count") < self.arguments.znodes:
                await asyncio.sleep(0.05)
        print(f"{self.arguments.znodes:,} znodes in {time.monotonic() - started:.0f} s", flush=True)
        self.print_memory("after that")

    async def checkpoints(self):
        """The longest gaps while each server makes a checkpoint, and while none is made."""
        servers = self.ensemble.servers
        since = time.monotonic()
        last = [monitored(server, "last_checkpoint_zxid") for server in servers]
        made, windows = [0] * len(servers), []  # (when it ended, the longest gap in it, whether a checkpoint became current)
        while min(made) < self.arguments.checkpoints and time.monotonic() - since < self.arguments.seconds:
            begin = windows[-1][0] if windows else since
            await asyncio.sleep(0.5)
            now = [await asyncio.to_thread(monitored, server, "last_checkpoint_zxid") for server in servers]
            changed = [a != b for a, b in zip(now, last)]
            made, last = [m + c for m, c in zip(made, changed)], now
            end = time.monotonic()
            windows.append((end, longest_gap_ms(self.load.acknowledged, begin, end), any(changed)))
        # A checkpoint that became current was being made in that window and in those before it.
        near = [any(changed for _, _, changed in windows[i:i + 4]) for i in range(len(windows))]
        gaps = {during: max((gap for (_, gap, _), n in zip(windows, near) if n == during), default=0) for during in (True, False)}
        print(f"longest time without an acknowledged write: {gaps[True]:.0f} ms around {sum(made)} checkpoints, "
              f"{gaps[False]:.0f} ms elsewhere", flush=True)
        await asyncio.to_thread(self.print_memory, "through load and checkpoints")

    async def just_before_a_checkpoint(self):
        """The next server that is about to make one."""
        while True:
            for server in self.ensemble.servers:
                grown = await asyncio.to_thread(lambda: zxid(server) - monitored(server, "last_checkpoint_zxid"))
                if NEARLY * self.arguments.entries < grown < self.arguments.entries:
                    return server
            await asyncio.sleep(0.1)

    async def kills(self):
        times, cpu = [], []
        at_random = self.arguments.rounds - self.arguments.before_checkpoint
        for number in range(1, self.arguments.rounds + 1):
            if number <= at_random:
                victim = random.choice(self.ensemble.servers)
                await asyncio.sleep(random.uniform(0.5, 4))
            else:
                victim = await self.just_before_a_checkpoint()
            self.load.excused.add(victim)
            victim.kill()
            victim.start()
            times.append(await until_serving(victim))
            cpu.append(cpu_seconds(victim))
            print(f"round {number:2}: {victim} served {1000 * times[-1]:.0f} ms after it was started, "
                  f"{1000 * cpu[-1]:.0f} ms of the processor{'' if number <= at_random else ', just before a checkpoint'}", flush=True)
            leader = await asyncio.to_thread(self.ensemble.wait_leader)
            await caught_up(self.load, victim, leader)
            await self.load.until(lambda: all(w.ready for w in self.load.writers), "all writers are connected again")
            self.load.excused.discard(victim)
        print(f"restart: worst {1000 * max(times):.0f} ms until it serves, {1000 * max(cpu):.0f} ms of the processor", flush=True)

    async def wipe(self):
        victim = await asyncio.to_thread(self.ensemble.wait_follower)
        self.load.excused.add(victim)
        victim.kill()
        victim.wipe()
        leader = await asyncio.to_thread(self.ensemble.wait_leader)
        goal = await asyncio.to_thread(zxid, leader)
        started = time.monotonic()
        victim.start()
        while await asyncio.to_thread(zxid, victim) < goal:
            await asyncio.sleep(0.02)
        now = time.monotonic()
        print(f"a wiped server had caught up after {now - started:.1f} s, in which the longest time without an acknowledged write "
              f"was {longest_gap_ms(self.load.acknowledged, started, now):.0f} ms", flush=True)
        await asyncio.to_thread(self.ensemble.wait_voting)
        await self.load.until(lambda: all(w.ready for w in self.load.writers), "all writers are connected again")
        self.load.excused.discard(victim)

    async def run(self):
        await self.fill()
        self.load = Load(self.ensemble.servers, rate=self.arguments.rate)
        await self.load.open()
        try:
            await self.checkpoints()
            await self.kills()
            await self.wipe()
            await self.load.stop()
            await self.load.verify()
        finally:
            await self.load.close()
        for server in self.ensemble.servers:
            found = monitored(server, "znode_count")
            if found < self.arguments.znodes:
                self.load.violation(f"{server} holds {found} znodes")
        self.print_memory("at the end, since their last start")
        print(f"{'FAILED' if self.load.violations else 'passed'}: {len(self.load.violations)} violations of safety")
        return 1 if self.load.violations else 0


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench durable", description=__doc__.splitlines()[0])
    parser.add_argument("--znodes", type=int, default=1000000, help="of 100 bytes each (default 1000000)")
    parser.add_argument("--rounds", type=int, default=10, help="SIGKILLs (default 10)")
    parser.add_argument("--before-checkpoint", type=int, default=2, help="of these, just before a checkpoint (default 2)")
    parser.add_argument("--rate", type=int, default=3000, help="writes per second meanwhile (default 3000)")
    parser.add_argument("--checkpoints", type=int, default=2, help="made by each server under load before the kills (default 2)")
    parser.add_argument("--entries", type=int, default=100000, help="of the log from one checkpoint to the next (default 100000)")
    parser.add_argument("--seconds", type=int, default=300, help="at most, for these checkpoints (default 300)")
    parser.add_argument("--data", help="folder for the servers' data (default: the system's for temporary files)")
    arguments = parser.parse_args()
    if arguments.before_checkpoint > arguments.rounds:
        parser.error("--before-checkpoint: there are only so many --rounds")
    options = {"checkpoint": f"{{entries: {arguments.entries}}}"}
    with Ensemble(3, directory=arguments.data, muster=options) as ensemble:
        return asyncio.run(Bench(ensemble, arguments).run())


if __name__ == "__main__":
    sys.exit(main())
