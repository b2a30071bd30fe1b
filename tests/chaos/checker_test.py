"""The counting that the other tests rely on notices what it is there to notice: somebody tampers, and it must say so."""

import asyncio
import contextlib
import io
import unittest

from interop.cluster import Ensemble
from support import raw_client as raw
from support.load import Load
from support.raw_client import RawClient

ensemble = None


def setUpModule():
    global ensemble
    ensemble = Ensemble(3)
    ensemble.__enter__()


def tearDownModule():
    ensemble.close()


class CheckerTest(unittest.TestCase):
    def violations(self, tamper, while_writing):
        """What the load says when somebody does `tamper(client, writer's base)` to its first writer."""
        with contextlib.redirect_stdout(io.StringIO()):
            return asyncio.run(self.run_load(tamper, while_writing))

    async def run_load(self, tamper, while_writing):
        client = RawClient()
        await client.connect(ensemble.servers[1].address)
        load = Load(ensemble.servers, writers=3, rate=300)
        await load.open()
        writer = load.writers[0]
        await load.until(lambda: writer.finished > 20, "some writes")
        if while_writing:
            await tamper(client, writer.base)
            done = writer.finished
            await load.until(lambda: writer.finished > done + 20, "some more writes")
        await load.stop()
        if not while_writing:
            await tamper(client, writer.base)
        await load.verify()
        await load.close()
        for other in load.writers:
            await self.remove(client, other.base)
        await self.remove(client, "/load")
        await client.close()
        return "\n".join(load.violations)

    async def remove(self, client, path):
        for name in await client.call(raw.get_children(path)):
            await self.remove(client, f"{path}/{name}")
        await client.call(raw.delete(path))

    def test_nothing_to_notice(self):
        async def nothing(*_):
            pass
        self.assertEqual(self.violations(nothing, while_writing=True), "")

    def test_a_lost_create(self):
        async def delete(client, base):
            await client.call(raw.delete(f"{base}/0/0"))
        self.assertIn("lost 1 acknowledged creates", self.violations(delete, while_writing=False))

    def test_a_create_from_nowhere(self):
        async def create(client, base):
            await client.call(raw.create(f"{base}/0/999999"))
        self.assertIn("names that writer 0 never made", self.violations(create, while_writing=False))

    def test_a_set_applied_twice(self):
        async def set_again(client, base):
            await client.call(raw.set_data(f"{base}/blind", b""))
        self.assertRegex(self.violations(set_again, while_writing=True), "set number .* answered version")
        self.assertRegex(self.violations(set_again, while_writing=False), "its version is")

    def test_a_compare_and_set_applied_twice(self):
        async def set_again(client, base):
            await client.call(raw.set_data(f"{base}/cas", b""))
        self.assertRegex(self.violations(set_again, while_writing=True), "compare-and-set to .* answered -103")

    def test_a_connection_closed_by_a_survivor(self):
        async def run():
            load = Load(ensemble.servers, writers=1, rate=100)
            await load.open()
            writer = load.writers[0]
            writer.move()  # its own doing
            await load.until(lambda: writer.ready, "it came back")
            self.assertEqual(load.violations, [])
            writer.client.drop()  # as if the server had done it
            await load.until(lambda: writer.ready and writer.client.connected, "it came back again")
            await load.stop()
            await load.close()
            client = RawClient()
            await client.connect(ensemble.servers[1].address)
            await self.remove(client, "/load")
            await client.close()
            return load.violations

        with contextlib.redirect_stdout(io.StringIO()):
            violations = asyncio.run(run())
        self.assertEqual(len(violations), 1)
        self.assertIn("which survived, closed the connection", violations[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
