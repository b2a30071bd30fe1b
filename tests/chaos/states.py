"""A server that lost its data is given the others' state: their logs do not reach down to the beginning any more. And one whose log is
damaged sets it aside and is repaired: it never serves anything that is wrong."""

import asyncio
import unittest

from chaos import wipe_and_stop
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

    async def lose(self, loss, left=None):
        with Ensemble(3, muster={"checkpoint": "{entries: 100, bytes: 1000000}"}) as ensemble:
            victim = next(server for server in ensemble.servers if server is not ensemble.leader())
            client = RawClient()
            await self.connect(client, ensemble.leader())
            for number in NODES:
                await client.call(raw.create(f"/{number}", b"%d" % number))
            await self.lose_once(ensemble, victim, loss)
            if left:
                self.assertTrue(list(victim.data.glob(left)), "the damaged log is kept")
            else:
                await self.until_installed(ensemble, client, victim, loss)
            await client.close()

    async def lose_once(self, ensemble, victim, loss):
        victim.kill()
        loss(victim)
        victim.start()
        await asyncio.to_thread(ensemble.wait_serving)
        await asyncio.to_thread(ensemble.wait_voting)
        await self.everything_is_there(ensemble, NODES)

    async def until_installed(self, ensemble, client, victim, loss):
        """As long as checkpoints have not yet been made and the log not been cut, it is brought up to date from the log."""
        for more in range(10):
            if "another state has taken the place" in victim.log.read_text():
                return
            for number in range(300):
                await client.call(raw.create(f"/more-{more}-{number}"))
            await self.lose_once(ensemble, victim, loss)
        self.fail("it was never given a state")


if __name__ == "__main__":
    unittest.main(verbosity=2)
