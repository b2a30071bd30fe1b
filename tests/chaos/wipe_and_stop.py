"""One server loses its disk while another is away. An empty server proves nothing: what is left must not go on as if a quorum
held all that was acknowledged, and must go on when the other returns."""

import asyncio
import unittest

from interop.cluster import Ensemble
from support import raw_client as raw
from support.raw_client import Lost, RawClient, RequestFailed

REFUSAL_SECONDS = 3  # how long it must be seen that nothing is accepted


class WipeAndStopTest(unittest.TestCase):
    """Three servers. `wiped` loses its data, `away` is stopped (paused or killed), `left` goes on."""

    def test_wiped_leader_and_a_paused_follower(self):
        asyncio.run(self.wipe_one_stop_another(wiped="leader", away="follower", pause=True))

    def test_wiped_leader_and_a_killed_follower(self):
        asyncio.run(self.wipe_one_stop_another(wiped="leader", away="follower", pause=False))

    def test_wiped_follower_and_a_paused_leader(self):
        asyncio.run(self.wipe_one_stop_another(wiped="follower", away="leader", pause=True))

    def test_wiped_follower_and_a_killed_leader(self):
        asyncio.run(self.wipe_one_stop_another(wiped="follower", away="leader", pause=False))

    def test_both_followers(self):
        asyncio.run(self.wipe_one_stop_another(wiped="follower", away="follower", pause=False))

    async def wipe_one_stop_another(self, wiped, away, pause):
        with Ensemble(3) as ensemble:
            wiped, away, left = self.cast(ensemble, wiped, away)
            client = RawClient()
            await client.connect(left.address)
            await self.write(client, range(200))

            away.stop() if pause else away.kill()
            wiped.kill()
            wiped.wipe()
            wiped.start()
            pending = asyncio.create_task(self.write_once(client, "/pending"))
            await self.nothing_is_accepted(ensemble, [wiped, left], pending)

            away.cont() if pause else away.start()
            await asyncio.to_thread(ensemble.wait_serving)
            await self.everything_is_there(ensemble, range(200))
            await self.settle(pending, client, left)
            await self.votes_again(ensemble, wiped, away)

    def test_what_only_the_wiped_and_the_stopped_held(self):
        """The server that is left never had the last writes; with the wiped one it would be a majority without them."""
        asyncio.run(self.left_behind())

    async def left_behind(self):
        with Ensemble(3) as ensemble:
            wiped, left, away = self.cast(ensemble, "leader", "follower")
            client = RawClient()
            await client.connect(wiped.address)
            await self.write(client, range(100))
            left.kill()
            await self.write(client, range(100, 200))
            client.drop()

            away.kill()
            wiped.kill()
            wiped.wipe()
            left.start()
            wiped.start()
            pending = asyncio.create_task(self.write_with_new_session(left, "/pending"))
            await self.nothing_is_accepted(ensemble, [wiped, left], pending)
            pending.cancel()

            away.start()
            await asyncio.to_thread(ensemble.wait_serving)
            await self.everything_is_there(ensemble, range(200))
            await self.votes_again(ensemble, wiped, away)

    def cast(self, ensemble, *roles):
        """One server for each role, and the one that is left over."""
        leader = ensemble.wait_leader()
        followers = [server for server in ensemble.servers if server is not leader]
        chosen = [leader if role == "leader" else followers.pop() for role in roles]
        return (*chosen, next(server for server in ensemble.servers if server not in chosen))

    async def write(self, client, numbers):
        for number in numbers:
            await client.call(raw.create(f"/{number}", b"%d" % number))

    async def write_once(self, client, path):
        """True when it was accepted, False when the connection closed unanswered."""
        try:
            await client.call(raw.create(path), seconds=120)
            return True
        except Lost:
            return False

    async def write_with_new_session(self, server, path):
        client = RawClient()
        while True:
            try:
                await client.connect(server.address, seconds=10)
                return await self.write_once(client, path)
            except (OSError, Lost):
                await asyncio.sleep(0.1)

    async def nothing_is_accepted(self, ensemble, servers, pending):
        await asyncio.wait([pending], timeout=REFUSAL_SECONDS)
        self.assertFalse(pending.done() and pending.result(), "a write was accepted without a quorum")
        self.assertIsNone(await asyncio.to_thread(ensemble.leader, servers), "a majority of one leads")

    async def settle(self, pending, client, server):
        """The write that waited is answered when the quorum is back, or its connection was closed and its session moves on."""
        if not await pending:
            await client.connect(server.address, seconds=60)
            await client.call(raw.sync())
            try:
                await client.call(raw.create("/pending"))
            except RequestFailed as failure:
                self.assertEqual(failure.code, raw.NODE_EXISTS)
        self.assertEqual((await client.call(raw.exists("/pending"))).version, 0)

    async def everything_is_there(self, ensemble, numbers):
        for server in ensemble.servers:
            client = RawClient()
            await self.connect(client, server)
            await client.call(raw.sync())
            for number in numbers:
                data, stat = await client.call(raw.get_data(f"/{number}"))
                self.assertEqual((data, stat.version), (b"%d" % number, 0), f"{server} lost an acknowledged write")
            await client.close()

    async def connect(self, client, server):
        for _ in range(20):
            try:
                return await client.connect(server.address, seconds=3)
            except (OSError, Lost):
                await asyncio.sleep(0.1)
        self.fail(f"{server} takes no session")

    async def votes_again(self, ensemble, wiped, other):
        """Once repaired, the wiped server makes a quorum with one other."""
        await asyncio.to_thread(ensemble.wait_voting)
        other.kill()
        client = RawClient()
        await self.connect(client, wiped)
        await client.call(raw.create("/afterwards"))
        other.start()
        await asyncio.to_thread(ensemble.wait_serving)
        await self.everything_is_there(ensemble, range(200))
        await client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
