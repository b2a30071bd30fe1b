"""`muster data`: looks into a server's directory that no server uses, and changes nothing there."""

import hashlib
import subprocess
import unittest

from kazoo.client import KazooClient

from interop.cluster import Ensemble, eventually, program


def data(*words):
    return subprocess.run([program("muster"), "data", *words], capture_output=True, text=True, timeout=120)


def fingerprints(directory):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.rglob("*") if path.is_file()}


def checkpoint(server):
    return next((int(line.split()[1]) for line in server.four_letters("mntr").splitlines()
                 if line.startswith("zk_last_checkpoint_zxid")), 0)


class Data(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ensemble = Ensemble(1, kind="muster", muster={"checkpoint": "{entries: 200}"})
        cls.addClassCleanup(cls.ensemble.close)
        cls.ensemble.start()
        cls.server = cls.ensemble.servers[0]
        client = KazooClient(cls.ensemble.hosts)
        client.start()
        client.create("/a", b"text \x00 and \"more\"")
        for request in [client.create_async(f"/a/{n}", b"x" * 1000) for n in range(500)]:
            request.get()
        eventually(lambda: checkpoint(cls.server) > 0, "a checkpoint is made")
        cls.while_running = data("verify", str(cls.server.data))
        client.stop()
        cls.server.kill()

    def refused(self, result, *words):
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stdout, "")
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def damaged(self, path, at):
        """Changes one byte for the time of the test."""
        good = path.read_bytes()
        path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        self.addCleanup(path.write_bytes, good)

    def test_a_directory_in_use_is_left_alone(self):
        self.refused(self.while_running, "in use")

    def test_what_is_no_data_directory(self):
        self.refused(data("verify", str(self.server.dir)), "no data directory")

    def test_a_good_directory_passes_and_nothing_changes(self):
        before = fingerprints(self.server.data)
        result = data("verify", str(self.server.data))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for word in ("log: entries 1 to ", "checkpoint: number ", " 505 znodes"):
            self.assertIn(word, result.stdout)
        dump = data("dump", "--values", str(self.server.data))
        self.assertEqual((dump.returncode, dump.stderr), (0, ""))
        for word in ("znode \"/a\" data \"text \\x00 and \\x22more\\x22\"", "the ensemble is founded", "create \"/a/499\""):
            self.assertIn(word, dump.stdout)
        self.assertEqual(fingerprints(self.server.data), before)

    def test_a_damaged_log(self):
        self.damaged(next(self.server.data.glob("log-*")), 100_000)
        self.refused(data("verify", str(self.server.data)), "the log in", "is damaged at zxid")
        self.refused(data("dump", str(self.server.data)), "the log in", "is damaged at zxid")

    def test_a_damaged_checkpoint(self):
        largest = max(next(self.server.data.glob("state-*")).iterdir(), key=lambda path: path.stat().st_size)
        self.damaged(largest, largest.stat().st_size // 3)
        result = data("verify", str(self.server.data))
        if "checkpoint: none" not in result.stdout:  # what was damaged may be all that the store had
            self.refused(result, "checkpoint")


if __name__ == "__main__":
    unittest.main()
