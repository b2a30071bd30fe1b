"""What the tests with kazoo share. A test module imports setUpModule and tearDownModule along with Case.

MUSTER_ENSEMBLE=zookeeper runs them against Apache ZooKeeper: what they say must hold there too.
"""

import logging
import unittest

from kazoo.client import KazooClient

from interop.cluster import Ensemble, eventually

WAIT = 30  # seconds that anything may take on a machine with much else to do; nothing waits that long when all is well
OPTIONS = {
    "muster": {"tick_ms": 250},
    "zookeeper": {"tickTime": 250, "initLimit": 40, "syncLimit": 20, "maxSessionTimeout": 5000},
}

ensemble = None
logging.getLogger("kazoo").setLevel(logging.CRITICAL)


def setUpModule():
    global ensemble
    ensemble = Ensemble(3, **OPTIONS)
    ensemble.__enter__()


def tearDownModule():
    ensemble.close()


def for_leader_and_follower(module, *mixins):
    """Defines in the module, for class DataCases, the test cases DataOnLeader and DataOnFollower."""
    for cases in mixins:
        for role in ("leader", "follower"):
            name = f"{cases.__name__[:-len('Cases')]}On{role.capitalize()}"
            module[name] = type(name, (cases, Case), {"role": role, "__module__": module["__name__"]})


class Case(unittest.TestCase):
    """A directory of its own for each test, clients that are closed after it, logs when it fails."""

    role = None

    @property
    def ensemble(self):
        return ensemble

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            self.ensemble.print_logs()

    def setUp(self):
        for server in self.ensemble.servers:
            if not server.running():
                server.start()
        self.ensemble.wait_serving()
        self.server = self.ensemble.wait_leader() if self.role == "leader" else self.ensemble.wait_follower()
        self.client = self.connect()
        self.base = f"/{type(self).__name__}-{self._testMethodName}"
        self.client.create(self.base)

    def connect(self, hosts=None, timeout=10.0, **options):
        client = KazooClient(hosts=hosts or self.server.hosts, timeout=timeout, randomize_hosts=False, **options)
        client.start(timeout=WAIT)
        self.addCleanup(self.disconnect, client)
        return client

    def disconnect(self, client):
        client.stop()
        client.close()

    def eventually(self, condition, what):
        return eventually(condition, what, WAIT)
