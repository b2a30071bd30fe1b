"""What musterd refuses, and how it starts and stops: status 2 and one sentence, before anything is touched."""

import asyncio
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from interop.cluster import EXIT_BAD_START, Ensemble, Ports, ROOT, program
from support import raw_client as raw
from support.raw_client import RawClient

WAIT = 60


class StartTest(unittest.TestCase):
    """musterd alone, from a file that each test writes."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="muster-test-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.ports = Ports()

    def config(self, name="server.yaml", **changes):
        """A good configuration of one server alone, with changes; None leaves a key out."""
        values = {"server_id": 1, "data_dir": self.dir / "data", "client_address": f"127.0.0.1:{self.ports.take()}", **changes}
        path = self.dir / name
        path.write_text("".join(f"{key}: {value}\n" for key, value in values.items() if value is not None))
        return path

    def musterd(self, *arguments, **environment):
        return subprocess.run([program("musterd"), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=WAIT, env={**os.environ, **environment})

    def refused(self, pattern, *arguments, **environment):
        """Status 2 and one line that says why, besides warnings that are about something else."""
        result = self.musterd(*arguments, **environment)
        self.assertEqual(result.returncode, EXIT_BAD_START, result.stderr)
        lines = [line for line in result.stderr.strip().splitlines() if not re.match(r"\S+ \S+ (info|warning) ", line)]
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertRegex(lines[0], pattern)

    def running(self, config):
        """A server alone that serves."""
        address = next(line.split(": ")[1] for line in config.read_text().splitlines() if line.startswith("client_address"))
        process = subprocess.Popen([program("musterd"), "--config", config], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: (process.kill(), process.wait()))
        host, port = address.split(":")

        async def serves():
            for _ in range(100 * WAIT):
                try:
                    client = RawClient()
                    await client.connect((host, int(port)), seconds=1)
                    return await client.close()
                except (OSError, raw.Lost):
                    self.assertIsNone(process.poll(), "the server ended")
                    await asyncio.sleep(0.01)
            self.fail("the server does not serve")

        asyncio.run(serves())
        return process

    def test_no_such_file(self):
        self.refused("missing.yaml", "--config", self.dir / "missing.yaml")

    def test_unknown_key_is_named_with_its_line(self):
        self.refused(r"server\.yaml:4: .*heartbeat_msec", "--config", self.config(heartbeat_msec=50))

    def test_value_out_of_range(self):
        self.refused("server_id", "--config", self.config(server_id=255))

    def test_unreadable_yaml(self):
        path = self.dir / "server.yaml"
        path.write_text("server_id: [1\n")
        self.refused(r"server\.yaml", "--config", path)

    def test_environment_counts_more(self):
        self.refused("MUSTER_TICK_MS", "--config", self.config(), MUSTER_TICK_MS="soon")

    def test_peers_beyond_loopback_need_a_secret(self):
        servers = '{1: {peer: "192.0.2.1:2888"}, 2: {peer: "192.0.2.2:2888"}}'
        self.refused("secret_file", "--config", self.config(servers=servers))

    def test_check_only_checks(self):
        config = self.config()
        result = self.musterd("--check", config)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertFalse((self.dir / "data").exists())
        self.refused("server_id", "--check", self.config(server_id=0))

    def test_sample_configuration_is_good(self):
        result = self.musterd("--check", ROOT / "config" / "server.yaml")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_client_address_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            address = "127.0.0.1:%d" % other.getsockname()[1]
            self.refused(f"{address}.*in use", "--config", self.config(client_address=address))

    def test_peer_address_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            address = "127.0.0.1:%d" % other.getsockname()[1]
            servers = f'{{1: {{peer: "{address}"}}, 2: {{peer: "127.0.0.1:{self.ports.take()}"}}}}'
            self.refused(f"{address}.*in use", "--config", self.config(servers=servers))

    def test_data_of_a_running_server(self):
        self.running(self.config())
        self.refused(str(self.dir / "data"), "--config", self.config("again.yaml"))

    def test_data_of_another_server(self):
        process = self.running(self.config())
        process.terminate()
        self.assertEqual(process.wait(WAIT), 0)
        self.refused("server 1", "--config", self.config(server_id=2))

    def test_data_directory_that_cannot_be_made(self):
        (self.dir / "file").write_text("")
        self.refused(str(self.dir / "file"), "--config", self.config(data_dir=self.dir / "file" / "data"))

    def test_one_server_alone_keeps_its_data(self):
        config = self.config()
        for round in range(3):
            process = self.running(config)
            address = config.read_text().split("client_address: ")[1].split()[0].split(":")

            async def write_and_read():
                client = RawClient()
                await client.connect((address[0], int(address[1])))
                await client.call(raw.create(f"/{round}", b"kept"))
                names = await client.call(raw.get_children("/"))
                await client.close()
                return names

            names = asyncio.run(write_and_read())
            self.assertEqual([str(n) in names for n in range(round + 1)], [True] * (round + 1))
            process.terminate()
            self.assertEqual(process.wait(WAIT), 0)


class StopTest(unittest.TestCase):
    """SIGTERM of one server of three."""

    def stop(self, role):
        with Ensemble(3) as ensemble:
            leader = ensemble.wait_leader()
            follower = ensemble.wait_follower()
            stopped = leader if role == "leader" else follower
            stays = next(server for server in ensemble.servers if server is not stopped)

            async def write_all_the_while():
                client = RawClient()
                await client.connect(stays.address)
                closed = []
                client.on_closed = lambda: closed.append(True)
                await client.call(raw.create("/n"))
                stopping = asyncio.create_task(asyncio.to_thread(stopped.terminate))
                versions = []
                while not stopping.done() or len(versions) < 100:
                    versions.append((await client.call(raw.set_data("/n", b""))).version)
                self.assertEqual(versions, list(range(1, len(versions) + 1)))
                self.assertEqual(closed, [])
                await client.close()
                return await stopping

            self.assertEqual(asyncio.run(write_all_the_while()), 0)
            self.assertTrue(ensemble.wait_leader() is not stopped)
            stopped.start()
            ensemble.wait_serving()

    def test_leader_hands_over(self):
        self.stop("leader")

    def test_follower_leaves(self):
        self.stop("follower")


if __name__ == "__main__":
    unittest.main(verbosity=2)
