"""Disks that fill up while clients write: of the leader, whose office another takes over while no write fails; then of all servers, which
answer reads and refuse writes. When there is room again everything goes on by itself, and all that was acknowledged is there.

Each server's data lies on a small file system of its own (tmpfs), which takes the right to mount one: as root, or in a user namespace."""

import asyncio
import os
import re
import sys
import unittest

from interop.cluster import Ensemble, eventually
from support import raw_client as raw
from support.raw_client import Lost, RawClient, RequestFailed
from support.small_disk import MEBIBYTE, SKIPPED, SmallDisk, may_mount

DISK_MEBIBYTES = 64  # four of the log's segments: one in use, one to come, one for a start, and what lies about
VALUE_BYTES = 250_000
MOST_WRITES = 300    # more than any log has room for
OPERATION_TIMEOUT = -7


class SmallDisks(Ensemble):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.disks = {server: SmallDisk(server.data, DISK_MEBIBYTES) for server in self.servers}

    def prepare(self, server):
        super().prepare(server)
        self.disks[server].mount()

    def close(self):
        for server in self.servers:
            if server.running():
                server.kill()
            self.disks[server].unmount()
        super().close()

    def fill(self, server):
        """Less than a segment is left."""
        self.disks[server].fill(2 * MEBIBYTE)

    def empty(self, server):
        self.disks[server].empty()


def monitored(server, key):
    found = re.search(rf"^zk_{key}\t(\d+)$", server.four_letters("mntr"), re.M)
    return int(found[1]) if found else None


class FullDiskTest(unittest.TestCase):
    def test_of_the_leader_then_of_all(self):
        asyncio.run(self.story())

    async def story(self):
        with SmallDisks(3) as ensemble:
            await asyncio.to_thread(ensemble.wait_voting)
            full = ensemble.leader()
            others = [server for server in ensemble.servers if server is not full]
            witness, writer = RawClient(), RawClient()
            await witness.connect(full.address)
            await writer.connect(others[0].address)
            self.acknowledged, self.servers = 0, ensemble.servers
            await writer.call(raw.create("/a"))

            ensemble.fill(full)
            await self.write_until(writer, lambda: monitored(full, "log_has_room") == 0)
            await asyncio.to_thread(eventually, lambda: ensemble.leader(others), "another server leads")
            while witness.connected:  # until it is sent away
                await asyncio.sleep(0.05)
            for _ in range(5):
                await self.write(writer)
            self.assertEqual(monitored(full, "takes_writes"), 1)
            ensemble.empty(full)
            await asyncio.to_thread(eventually, lambda: monitored(full, "log_has_room") == 1, "it has room again")
            await self.reads(full)
            self.assertIn("there is room in", full.log.read_text())

            for server in ensemble.servers:
                ensemble.fill(server)
            with self.assertRaises(RequestFailed) as refused:
                await self.write_until(writer, lambda: False)
            self.assertEqual(refused.exception.code, OPERATION_TIMEOUT)
            await writer.call(raw.get_data("/a"))
            for server in ensemble.servers:
                self.assertTrue(server.running(), f"{server} runs")
            for server in ensemble.servers:
                ensemble.empty(server)
            await asyncio.to_thread(eventually, lambda: all(monitored(s, "takes_writes") == 1 for s in ensemble.servers),
                                    "writes are taken again")
            await self.write(writer)
            for server in ensemble.servers:
                await self.reads(server)
            await writer.close()

    async def write(self, client):
        """One that is acknowledged. Whoever is sent away goes to another server."""
        for server in self.servers * 100:
            try:
                if not client.connected:
                    await client.connect(server.address)
                await client.call(raw.set_data("/a", os.urandom(VALUE_BYTES)))
                self.acknowledged += 1
                return
            except (Lost, OSError):
                await asyncio.sleep(0.05)
        self.fail("no server takes the writer")

    async def write_until(self, client, over):
        for _ in range(MOST_WRITES):
            if await asyncio.to_thread(over):
                return
            await self.write(client)
        self.fail(f"{MOST_WRITES} writes fit")

    async def reads(self, server):
        """A client that comes to it is taken, and finds all that was acknowledged."""
        async def there():
            client = RawClient()
            try:
                await client.connect(server.address)
                await client.call(raw.sync("/a"))
                _, stat = await client.call(raw.get_data("/a"))
                await client.close()
                return stat.version
            except (Lost, OSError, asyncio.TimeoutError):
                return None
        for _ in range(600):
            version = await there()
            if version is not None:
                self.assertGreaterEqual(version, self.acknowledged)
                return
            await asyncio.sleep(0.05)
        self.fail(f"{server} takes no client")


if __name__ == "__main__":
    if not may_mount():
        print("skipped: this process may not mount a file system; run it as root")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)
