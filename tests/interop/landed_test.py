"""Data directories as each durable format wrote them when it landed (tests/support/data): they must open, with the digest that they had.

When a format changes in a way that a later release must go on to read, add one (from tests/, and commit what appears):

    python3 -m interop.landed_test --make 2
"""

import subprocess
import sys
import tarfile
import unittest

from kazoo.client import KazooClient
from kazoo.security import make_digest_acl

from interop.cluster import ROOT, Ensemble, eventually, program

LANDED = ROOT / "tests" / "support" / "data"
ACL = make_digest_acl("anna", "secret", all=True)


def verify(directory):
    result = subprocess.run([program("muster"), "data", "verify", str(directory)], capture_output=True, text=True, timeout=120)
    if result.returncode:
        raise AssertionError(result.stderr)
    return result.stdout


def fill(hosts):
    """Something of everything that is stored: it stays as it is, so that all landed directories hold the same."""
    client = KazooClient(hosts, timeout=40, auth_data=[("digest", "anna:secret")])
    client.start()
    client.create("/text", b"text \x00 and more")
    client.create("/empty", b"")
    client.create("/guarded", b"for anna", acl=[ACL])
    for _ in range(5):
        client.create("/queue/job-", b"x", sequence=True, makepath=True)
    client.delete("/queue/job-0000000002")
    client.set("/text", b"another text")
    client.create("/alive", b"", ephemeral=True)
    for n in range(100):
        client.create(f"/queue/many-{n}", b"y" * n)
    # The library of this project has its outcomes remembered.
    subprocess.run([program("muster"), "-s", hosts, "create", "/remembered", "z"], check=True, stdout=subprocess.DEVNULL)
    return client


def make(name):
    with Ensemble(1, kind="muster", muster={"checkpoint": "{entries: 100}"}) as ensemble:
        server = ensemble.servers[0]
        client = fill(ensemble.hosts)
        eventually(lambda: "zk_last_checkpoint_zxid\t0\n" not in server.four_letters("mntr"), "a checkpoint is made")
        server.kill()  # the ephemeral node and its session are in it
        client.stop()
        (LANDED / f"{name}.txt").write_text(verify(server.data))
        # The log's segments are nearly all zeros.
        subprocess.run(["tar", "-C", server.dir, "--sparse", "--hole-detection=raw", "--owner=0", "--group=0", "-cJf",
                        LANDED / f"{name}.tar.xz", "data"], check=True)


class Landed(unittest.TestCase):
    def test_every_one_opens_with_its_digest_and_is_served(self):
        names = sorted(path.name[:-len(".tar.xz")] for path in LANDED.glob("*.tar.xz"))
        self.assertTrue(names)
        for name in names:
            with self.subTest(name):
                ensemble = Ensemble(1, kind="muster")
                self.addCleanup(ensemble.close)
                server = ensemble.servers[0]
                with tarfile.open(LANDED / f"{name}.tar.xz") as archive:
                    archive.extractall(server.dir)
                self.assertEqual(verify(server.data), (LANDED / f"{name}.txt").read_text())
                ensemble.start()
                self.is_served(ensemble.hosts)

    def is_served(self, hosts):
        client = KazooClient(hosts, auth_data=[("digest", "anna:secret")])
        client.start()
        self.addCleanup(client.stop)
        self.assertEqual(client.get("/text")[0], b"another text")
        self.assertEqual(client.get("/guarded")[0], b"for anna")
        self.assertEqual(client.get_acls("/guarded")[0], [ACL])
        self.assertEqual(client.get("/remembered")[0], b"z")
        self.assertEqual(len(client.get_children("/queue")), 104)
        self.assertEqual(client.create("/queue/job-", sequence=True), "/queue/job-0000000105")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        make(sys.argv[2])
    else:
        unittest.main()
