"""`muster backup` and `muster restore`: what was acknowledged is in it, a new ensemble goes on with it, and who may not is told why."""

import subprocess
import threading
import unittest

from kazoo.client import KazooClient

from interop.cluster import Ensemble, program

SUPER = {"super_digest": '"root:J1scEM42CKaLPP5+ElgpgGsuONg="'}  # root:secret


def muster(*words):
    return subprocess.run([program("muster"), *map(str, words)], capture_output=True, text=True, timeout=120)


class Writer(threading.Thread):
    """Creates /w/0, /w/1, … one after the other, and counts those that were acknowledged, until it is stopped."""

    def __init__(self, hosts):
        super().__init__(daemon=True)
        self.client = KazooClient(hosts)
        self.client.start()
        self.client.ensure_path("/w")
        self.acknowledged = 0
        self.stopped = False

    def run(self):
        while not self.stopped:
            self.client.create(f"/w/{self.acknowledged}", b"x" * 300)
            self.acknowledged += 1

    def stop(self):
        self.stopped = True
        self.join()
        self.client.stop()


class Backup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ensemble = Ensemble(3, kind="muster", muster=SUPER)
        cls.addClassCleanup(cls.ensemble.close)
        cls.ensemble.start()

    def backup(self, *words):
        return muster("-s", self.ensemble.hosts, "backup", *words)

    def new_ensemble(self):
        ensemble = Ensemble(3, kind="muster")
        self.addCleanup(ensemble.close)
        ensemble.write_configuration()
        return ensemble

    def refused(self, result, *words):
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def restore(self, ensemble, file, *words):
        return [muster("restore", "--config", server.dir / "server.yaml", "--name", "again", *words, file) for server in ensemble.servers]

    def test_a_backup_among_writes_goes_into_a_new_ensemble(self):
        file = self.ensemble.dir / "backup"
        client = KazooClient(self.ensemble.hosts)
        client.start()
        self.addCleanup(client.stop)
        client.create("/mine", ephemeral=True)
        job = client.create("/job-", sequence=True)
        for request in [client.create_async(f"/many-{n}", b"y" * 1000) for n in range(2000)]:
            request.get()
        writer = Writer(self.ensemble.hosts)
        writer.start()
        while writer.acknowledged < 50:
            pass
        before = writer.acknowledged
        taken = self.backup("--auth", "root:secret", file)
        self.assertEqual(taken.returncode, 0, taken.stderr)
        writer.stop()
        last = client.set(job, b"later").mzxid
        self.assertIn("1 ephemeral znodes, which a restore leaves out", taken.stdout)
        self.assertIn(" of about 2", taken.stderr)  # a line for each tenth
        self.assertEqual(muster("backup", "--verify", file).stdout, taken.stdout)

        ensemble = self.new_ensemble()
        for done in self.restore(ensemble, file, "--dry-run"):
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(any(server.data.exists() for server in ensemble.servers))
        for done in self.restore(ensemble, file):
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(taken.stdout, done.stdout)
        for server in ensemble.servers:
            server.start()
        ensemble.wait_serving()
        again = KazooClient(ensemble.hosts)
        again.start()
        self.addCleanup(again.stop)
        written = {int(name) for name in again.get_children("/w")}
        self.assertGreaterEqual(len(written), before)
        self.assertEqual(written, set(range(len(written))))  # one moment: none is missing below the last
        self.assertIsNone(again.exists("/mine"))
        self.assertEqual(again.get(job)[0], b"")
        self.assertGreater(again.create("/job-", sequence=True), job)
        self.assertGreater(again.set(job, b"new").mzxid, last)  # no zxid is given out twice
        self.assertEqual(again.get("/many-1999")[0], b"y" * 1000)
        for done in self.restore(ensemble, file):
            self.refused(done, "is not empty")

    def test_who_may_not_is_told_what_to_do(self):
        file = self.ensemble.dir / "never"
        self.refused(self.backup(file), "only the super user", "super_digest", "--auth")
        self.refused(self.backup("--auth", "root:wrong", file), "only the super user")
        self.refused(muster("-s", self.ensemble.hosts + "/some", "backup", file), "without a path")
        self.refused(muster("-s", "127.0.0.1:1", "backup", file), "does not answer")
        self.assertFalse(any(self.ensemble.dir.glob("never*")))

    def test_a_file_that_is_none_or_is_cut_off(self):
        file = self.ensemble.dir / "whole"
        self.assertEqual(self.backup("--auth", "root:secret", file).returncode, 0)
        cut = self.ensemble.dir / "cut"
        cut.write_bytes(file.read_bytes()[:-5])
        ensemble = self.new_ensemble()
        for done in self.restore(ensemble, cut):
            self.refused(done, "is cut off after")
        cut.write_text("something else")
        self.refused(muster("backup", "--verify", cut), "is no backup")


if __name__ == "__main__":
    unittest.main()
