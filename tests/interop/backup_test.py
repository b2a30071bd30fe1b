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

    def put_back(self, *words):
        return muster("-s", self.ensemble.hosts, "restore", "--auth", "root:secret", *words)

    def test_a_part_goes_back_into_the_ensemble_that_runs(self):
        file = self.ensemble.dir / "yesterday"
        client = KazooClient(self.ensemble.hosts)
        client.start()
        self.addCleanup(client.stop)
        client.create("/shop/prices/tea", b"3", makepath=True)
        client.create("/shop/prices/coffee", b"4")
        self.assertEqual(self.backup("--auth", "root:secret", file).returncode, 0)
        client.delete("/shop/prices/tea")
        client.set("/shop/prices/coffee", b"400")
        client.create("/shop/prices/milk", b"1")
        mine = client.create("/shop/prices/lock/mine", ephemeral=True, makepath=True)
        client.set("/shop", b"beside")

        before = client.get_children("/shop/prices")
        looked = self.put_back("--path", "/shop/prices", "--dry-run", file)
        self.assertIn("1 znodes to create, 1 to change, 1 to remove, 0 access lists to set", looked.stdout)
        self.assertEqual(client.get_children("/shop/prices"), before)
        done = self.put_back("--path", "/shop/prices", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 znodes stay: live ephemeral ones, and what they stand in", done.stdout)
        client.sync("/")
        coffee, stat = client.get("/shop/prices/coffee")
        tea, new = client.get("/shop/prices/tea")
        self.assertEqual((tea, coffee), (b"3", b"4"))
        self.assertEqual(new.czxid, stat.mzxid)  # one operation
        self.assertIn(f"done at zxid {stat.mzxid}\n", done.stdout)
        self.assertEqual(sorted(client.get_children("/shop/prices")), ["coffee", "lock", "tea"])
        self.assertTrue(client.exists(mine))
        self.assertEqual(client.get("/shop")[0], b"beside")
        self.assertIn("0 znodes to create, 0 to change, 0 to remove", self.put_back("--path", "/shop/prices", file).stdout)

    def test_a_large_part_goes_back_in_parts(self):
        file = self.ensemble.dir / "large"
        client = KazooClient(self.ensemble.hosts)
        client.start()
        self.addCleanup(client.stop)
        client.ensure_path("/large")
        for n in range(4):
            client.create(f"/large/{n}", b"z" * 400_000)
        self.assertEqual(self.backup("--auth", "root:secret", file).returncode, 0)
        client.delete("/large", recursive=True)
        refused = self.put_back("--path", "/large", file)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--in-parts", refused.stderr)
        self.assertIsNone(client.exists("/large"))
        done = self.put_back("--path", "/large", "--in-parts", file)
        self.assertEqual(done.returncode, 0, done.stderr)
        client.sync("/")
        self.assertEqual([client.get(f"/large/{n}")[0] for n in range(4)], [b"z" * 400_000] * 4)

    def test_who_may_not_is_told_what_to_do(self):
        file = self.ensemble.dir / "never"
        self.refused(self.backup(file), "only the super user", "super_digest", "--auth")
        self.refused(self.backup("--auth", "root:wrong", file), "only the super user")
        self.refused(muster("-s", self.ensemble.hosts + "/some", "backup", file), "without a path")
        self.refused(muster("-s", "127.0.0.1:1", "backup", file), "does not answer")
        self.refused(muster("restore", file), "--config and --name, or --path")
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
