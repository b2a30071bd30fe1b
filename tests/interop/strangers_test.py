"""Programs that others wrote for ZooKeeper, told the same things on a leader and on a follower. The transcripts were recorded from
Apache ZooKeeper; MUSTER_ENSEMBLE=zookeeper shows that they still hold for it."""

import unittest

from interop.cluster import Ensemble
from interop.programs import PROGRAMS
from interop.transcript import OPTIONS, Story, read


class StrangersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ensemble = Ensemble(3, **OPTIONS)
        cls.ensemble.__enter__()
        cls.addClassCleanup(cls.ensemble.close)

    def play(self, name):
        for role in ("follower", "leader"):
            with self.subTest(role):
                for server in self.ensemble.servers:
                    if not server.running():
                        server.start()
                self.ensemble.wait_voting()
                server = self.ensemble.wait_leader() if role == "leader" else self.ensemble.wait_follower()
                try:
                    Story(self.ensemble, PROGRAMS[name], server).play(read(name))
                except BaseException:
                    self.ensemble.print_logs()
                    raise

    def test_c_client(self):
        self.play("c_client")

    def test_cli_mt(self):
        self.play("cli_mt")

    def test_zkcli(self):
        self.play("zkcli")

    def test_node(self):
        self.play("node")


if __name__ == "__main__":
    unittest.main(verbosity=2)
