"""A server that lost its data is given the others' state: their logs do not reach down to the beginning any more. And one whose log is
damaged sets it aside and is repaired: it never serves anything that is wrong."""

import asyncio
import unittest

from chaos import wipe_and_stop
from chaos.durable import monitored
from interop.cluster import Ensemble
from support import raw_client as raw
from support.raw_client import RawClient

NODES = range(600)
SEGMENT_HEADER_BYTES = 48


class StatesTest(unittest.TestCase):
    connect = wipe_and_stop.WipeAndStopTest.connect
    everything_is_there = wipe_and_stop.WipeAndStopTest.everything_is_there

    def test_wiped(self):
        asyncio.run(self.lose(lambda server: server.wipe()))

    def test_damaged_log(self):
        asyncio.run(self.lose(self.damage, "damaged-log-*"))

    @staticmethod
    def damage(server):
        """A sector in the middle of what the oldest segment holds."""
        path = min(server.data.glob("log-*"))
        contents = bytearray(path.read_bytes())
        middle = (SEGMENT_HEADER_BYTES + len(bytes(contents).rstrip(b"\0"))) // 2 // 512 * 512
        contents[middle:middle + 512] = b"\xff" * 512
        path.write_bytes(contents)

    @staticmethod
    async def purge_logs(client, servers):
        """Until each has made two checkpoints: the log is kept back to the one before the last."""
        seen = {server: set() for server in servers}
        more = 0
        while any(len(made) < 2 for made in seen.values()):
            for more in range(more + 1, more + 50):
                await client.call(raw.create(f"/more-{more}"))
            for server, made in seen.items():
                made.add(await asyncio.to_thread(monitored, server, "last_checkpoint_zxid"))
                made.discard(0)

    async def lose(self, loss, left=None):
        with Ensemble(3, muster={"checkpoint": "{entries: 100, bytes: 1000000}"}) as ensemble:
            victim = next(server for server in ensemble.servers if server is not ensemble.leader())
            client = RawClient()
            await self.connect(client, ensemble.leader())
            for number in NODES:
                await client.call(raw.create(f"/{number}", b"%d" % number))
            await self.purge_logs(client, [server for server in ensemble.servers if server is not victim])
            victim.kill()
            loss(victim)
            victim.start()
            await asyncio.to_thread(ensemble.wait_serving)
            await asyncio.to_thread(ensemble.wait_voting)
            await self.everything_is_there(ensemble, NODES)
            if left:
                self.assertTrue(list(victim.data.glob(left)), "the damaged log is kept")
            else:
                self.assertIn("another state has taken the place", str(victim.log_tail(400)))
            await client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
