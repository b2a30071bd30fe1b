"""All servers go down together and come back: what was acknowledged is there, counters go on, sessions resume."""

import asyncio
import signal
import unittest

from interop.cluster import Ensemble
from support import raw_client as raw
from support.load import Load
from support.raw_client import Expired, Lost, RawClient

LOAD_SECONDS = 1.5


class RestartAllTest(unittest.TestCase):
    def test_sigterm_of_all(self):
        asyncio.run(self.restart(signal.SIGTERM, together=True))

    def test_sigterm_one_after_another(self):
        asyncio.run(self.restart(signal.SIGTERM, together=False))

    def test_sigkill_of_all_at_once(self):
        asyncio.run(self.restart(signal.SIGKILL, together=True, rounds=3))

    async def restart(self, number, together, rounds=1):
        """Under load. A session is open all the while, with an ephemeral node."""
        with Ensemble(3) as ensemble:
            holder = RawClient()
            await holder.connect(ensemble.servers[0].address)
            await holder.call(raw.create("/sequence"))
            await holder.call(raw.create("/ephemeral", flags=raw.EPHEMERAL))
            session = holder.session
            load = Load(ensemble.servers, rate=2000, survivors_stay=False)
            await load.open()
            for _ in range(rounds):
                numbers = [await self.next_number(holder) for _ in range(10)]
                await asyncio.sleep(LOAD_SECONDS)
                load.excused.update(ensemble.servers)
                for server in ensemble.servers:
                    server.signal(number)
                    if not together:
                        await asyncio.to_thread(server.wait)
                for server in ensemble.servers:
                    await asyncio.to_thread(server.wait)
                for server in ensemble.servers:
                    server.start()
                await asyncio.to_thread(ensemble.wait_serving)
                await self.resume(holder, ensemble.servers)
                self.assertEqual(holder.session, session)
                self.assertEqual((await holder.call(raw.exists("/ephemeral"))).ephemeral_owner, session)
                self.assertEqual(await self.next_number(holder), numbers[-1] + 1)
                names = await holder.call(raw.get_children("/sequence"))
                self.assertEqual(sorted(names)[-11:], [f"n-{n:010}" for n in (*numbers, numbers[-1] + 1)])
                await load.until(lambda: all(writer.ready for writer in load.writers), "all sessions have resumed")
                load.excused.clear()
            await load.stop()
            await load.verify()
            await load.close()
            await holder.close()
            if load.violations:
                ensemble.print_logs()
            self.assertEqual(load.violations, [])
            self.assertGreater(len(load.acknowledged), 0)

    async def next_number(self, client):
        path = await client.call(raw.create("/sequence/n-", flags=raw.SEQUENTIAL))
        return int(path[-10:])

    async def resume(self, client, servers):
        for attempt in range(1000):
            if client.connected:
                return
            try:
                await client.connect(servers[attempt % len(servers)].address, seconds=3)
            except (OSError, Lost):
                await asyncio.sleep(0.02)
            except Expired:
                self.fail("the session expired although its client came back in time")
        self.fail("no server takes the session back")


if __name__ == "__main__":
    unittest.main(verbosity=2)
