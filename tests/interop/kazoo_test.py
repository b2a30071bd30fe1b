"""kazoo, the Python client that most people use, unchanged against real servers.

Every case runs connected to the leader and to a follower. MUSTER_ENSEMBLE=zookeeper runs them against Apache ZooKeeper.
"""

import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import unittest

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import (BadVersionError, InvalidACLError, NoChildrenForEphemeralsError, NodeExistsError, NoNodeError,
                              NotEmptyError, RolledBackError, RuntimeInconsistency)
from kazoo.protocol.states import Callback
from kazoo.recipe.watchers import ChildrenWatch, DataWatch
from kazoo.security import ACL, Id, OPEN_ACL_UNSAFE, make_digest_acl

from interop.cluster import Ensemble, eventually

WAIT = 30  # seconds that anything may take on a machine with much else to do; nothing waits that long when all is well
SHORT_SESSION = 1.5
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


class Case(unittest.TestCase):
    """A directory of its own for each test, clients that are closed after it, logs when it fails."""

    role = None

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            ensemble.print_logs()

    def setUp(self):
        for server in ensemble.servers:
            if not server.running():
                server.start()
        ensemble.wait_serving()
        self.server = ensemble.wait_leader() if self.role == "leader" else ensemble.wait_follower()
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


# Data


class DataCases:
    def test_create_get_set_delete(self):
        path = self.base + "/a"
        self.assertEqual(self.client.create(path, b"one"), path)
        data, stat = self.client.get(path)
        self.assertEqual(data, b"one")
        self.assertEqual((stat.version, stat.cversion, stat.aversion), (0, 0, 0))
        self.assertEqual((stat.ephemeralOwner, stat.dataLength, stat.numChildren), (0, 3, 0))
        self.assertEqual(stat.czxid, stat.mzxid)
        self.assertEqual(stat.czxid, stat.pzxid)
        self.assertEqual(stat.ctime, stat.mtime)

        changed = self.client.set(path, b"four")
        self.assertEqual((changed.version, changed.dataLength), (1, 4))
        self.assertEqual(changed.czxid, stat.czxid)
        self.assertGreater(changed.mzxid, stat.mzxid)
        self.assertGreaterEqual(changed.mtime, stat.ctime)
        self.assertEqual(changed.ctime, stat.ctime)
        self.assertEqual(self.client.get(path), (b"four", changed))
        self.assertEqual(self.client.exists(path), changed)

        self.client.delete(path)
        self.assertIsNone(self.client.exists(path))

    def test_empty_data_and_unicode_names(self):
        path = self.base + "/größe"
        self.client.create(path)
        self.assertEqual(self.client.get(path)[0], b"")
        self.assertEqual(self.client.get_children(self.base), ["größe"])

    def test_large_data(self):
        data = os.urandom(900_000)
        self.client.create(self.base + "/large", data)
        self.assertEqual(self.client.get(self.base + "/large")[0], data)

    def test_sequential_names(self):
        paths = [self.client.create(self.base + "/n-", sequence=True) for _ in range(3)]
        self.assertEqual(paths, [self.base + f"/n-000000000{n}" for n in range(3)])
        self.client.delete(paths[2])
        self.assertEqual(self.client.create(self.base + "/n-", sequence=True), self.base + "/n-0000000003")
        self.assertEqual(self.client.create(self.base + "/", sequence=True), self.base + "/0000000004")

    def test_ephemeral(self):
        path = self.client.create(self.base + "/e", b"mine", ephemeral=True)
        stat = self.client.exists(path)
        self.assertEqual(stat.ephemeralOwner, self.client.client_id[0])
        with self.assertRaises(NoChildrenForEphemeralsError):
            self.client.create(path + "/child")
        sequential = self.client.create(self.base + "/s-", ephemeral=True, sequence=True)
        self.assertEqual(self.client.exists(sequential).ephemeralOwner, self.client.client_id[0])

    def test_makepath_and_recursive_delete(self):
        self.client.create(self.base + "/x/y/z", b"deep", makepath=True)
        self.assertEqual(self.client.get(self.base + "/x/y/z")[0], b"deep")
        self.client.ensure_path(self.base + "/x/q")
        self.client.delete(self.base + "/x", recursive=True)
        self.assertEqual(self.client.get_children(self.base), [])

    def test_create_with_stat(self):
        path, stat = self.client.create(self.base + "/a", b"abc", include_data=True)
        self.assertEqual(path, self.base + "/a")
        self.assertEqual(stat, self.client.exists(path))

    def test_versions(self):
        path = self.client.create(self.base + "/v")
        self.assertEqual(self.client.set(path, b"1", version=0).version, 1)
        with self.assertRaises(BadVersionError):
            self.client.set(path, b"2", version=0)
        with self.assertRaises(BadVersionError):
            self.client.delete(path, version=0)
        self.assertEqual(self.client.set(path, b"2", version=-1).version, 2)
        self.client.delete(path, version=2)

    def test_errors(self):
        missing = self.base + "/missing"
        for operation in (self.client.get, self.client.get_children, self.client.delete, self.client.get_acls,
                          lambda path: self.client.set(path, b""), lambda path: self.client.create(path + "/child")):
            with self.assertRaises(NoNodeError):
                operation(missing)
        self.client.create(self.base + "/a")
        with self.assertRaises(NodeExistsError):
            self.client.create(self.base + "/a")
        with self.assertRaises(NotEmptyError):
            self.client.delete(self.base)
        with self.assertRaises(InvalidACLError):
            self.client.create(self.base + "/b", acl=[ACL(31, Id("nonsense", "x"))])
        self.assertIsNone(self.client.exists(missing))

    def test_children(self):
        for name in ("b", "a", "c"):
            self.client.create(f"{self.base}/{name}", name.encode())
        self.assertEqual(sorted(self.client.get_children(self.base)), ["a", "b", "c"])
        names, stat = self.client.get_children(self.base, include_data=True)
        self.assertEqual(sorted(names), ["a", "b", "c"])
        self.assertEqual((stat.numChildren, stat.cversion), (3, 3))
        newest = self.client.exists(self.base + "/c")
        self.assertEqual(stat.pzxid, newest.czxid)
        self.client.delete(self.base + "/a")
        self.assertEqual(self.client.exists(self.base).cversion, 4)

    def test_acls(self):
        path = self.client.create(self.base + "/a", acl=OPEN_ACL_UNSAFE)
        acls, stat = self.client.get_acls(path)
        self.assertEqual((acls, stat.aversion), (OPEN_ACL_UNSAFE, 0))
        reader = make_digest_acl("someone", "secret", read=True)
        self.assertEqual(self.client.set_acls(path, OPEN_ACL_UNSAFE + [reader]).aversion, 1)
        self.assertEqual(self.client.get_acls(path)[0], OPEN_ACL_UNSAFE + [reader])
        with self.assertRaises(BadVersionError):
            self.client.set_acls(path, OPEN_ACL_UNSAFE, version=0)

    def test_sync_then_read_sees_another_clients_write(self):
        writer = self.connect(ensemble.wait_leader().hosts)
        for number in range(20):
            writer.create(f"{self.base}/{number}")
            self.client.sync(self.base)
            self.assertIsNotNone(self.client.exists(f"{self.base}/{number}"))

    def test_many_in_flight_come_back_in_order(self):
        results = [self.client.create_async(self.base + "/n-", sequence=True) for _ in range(500)]
        self.assertEqual([result.get(WAIT) for result in results], [self.base + f"/n-{n:010}" for n in range(500)])

    def test_server_version(self):
        self.assertGreaterEqual(self.client.server_version(), (3, 5))


# Transactions


class TransactionCases:
    def test_commit(self):
        self.client.create(self.base + "/old", b"0")
        transaction = self.client.transaction()
        transaction.check(self.base + "/old", 0)
        transaction.create(self.base + "/new", b"1")
        transaction.create(self.base + "/new/n-", b"2", sequence=True)
        transaction.set_data(self.base + "/old", b"3", version=0)
        transaction.delete(self.base + "/old", version=1)
        results = transaction.commit()
        self.assertEqual(results[0], True)
        self.assertEqual(results[1:3], [self.base + "/new", self.base + "/new/n-0000000000"])
        self.assertEqual(results[3].version, 1)
        self.assertEqual(results[4], True)
        self.assertEqual(self.client.get_children(self.base), ["new"])
        one = self.client.exists(self.base + "/new").czxid
        self.assertEqual(self.client.exists(self.base + "/new/n-0000000000").czxid, one)

    def test_failed_one_leaves_no_trace(self):
        self.client.create(self.base + "/a", b"before")
        transaction = self.client.transaction()
        transaction.create(self.base + "/b")
        transaction.set_data(self.base + "/a", b"after")
        transaction.delete(self.base + "/missing")
        transaction.create(self.base + "/c")
        results = transaction.commit()
        self.assertEqual([type(result) for result in results],
                         [RolledBackError, RolledBackError, NoNodeError, RuntimeInconsistency])
        self.assertEqual(self.client.get_children(self.base), ["a"])
        data, stat = self.client.get(self.base + "/a")
        self.assertEqual((data, stat.version), (b"before", 0))

    def test_failed_check(self):
        self.client.create(self.base + "/a")
        transaction = self.client.transaction()
        transaction.check(self.base + "/a", 7)
        transaction.delete(self.base + "/a")
        results = transaction.commit()
        self.assertEqual([type(result) for result in results], [BadVersionError, RuntimeInconsistency])
        self.assertIsNotNone(self.client.exists(self.base + "/a"))


# Recipes


class RecipeCases:
    def test_lock_is_held_by_one(self):
        other = self.connect()
        first, second = self.client.Lock(self.base + "/lock", "first"), other.Lock(self.base + "/lock", "second")
        self.assertTrue(first.acquire(timeout=WAIT))
        self.assertFalse(second.acquire(blocking=False))
        waiting = threading.Thread(target=second.acquire, kwargs={"timeout": WAIT})
        waiting.start()
        self.eventually(lambda: len(first.contenders()) == 2, "the second contends")
        self.assertEqual(first.contenders(), ["first", "second"])
        self.assertFalse(second.is_acquired)
        first.release()
        waiting.join(WAIT)
        self.assertTrue(second.is_acquired)
        second.release()

    def test_lock_counts_exactly(self):
        self.client.create(self.base + "/counter", b"0")

        def count(client):
            lock = client.Lock(self.base + "/lock")
            for _ in range(10):
                with lock:
                    value = int(client.get(self.base + "/counter")[0])
                    client.set(self.base + "/counter", b"%d" % (value + 1))

        threads = [threading.Thread(target=count, args=(self.connect(),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * WAIT)
        self.client.sync(self.base)
        self.assertEqual(self.client.get(self.base + "/counter")[0], b"30")

    def test_lock_passes_on_when_its_holder_closes(self):
        holder = self.connect()
        self.assertTrue(holder.Lock(self.base + "/lock").acquire(timeout=WAIT))
        lock = self.client.Lock(self.base + "/lock")
        threading.Thread(target=lambda: self.eventually(lambda: len(lock.contenders()) == 2, "two contend") and holder.stop()).start()
        self.assertTrue(lock.acquire(timeout=WAIT))

    def test_election(self):
        led = queue.Queue()
        resign = threading.Event()
        clients = {name: self.connect() for name in ("a", "b", "c")}

        def run(name, client):
            client.Election(self.base + "/election", name).run(lambda: (led.put(name), resign.wait(WAIT)))

        threads = []
        for count, (name, client) in enumerate(clients.items(), 1):
            thread = threading.Thread(target=run, args=(name, client))
            thread.start()
            threads.append(thread)
            election = client.Election(self.base + "/election", name)
            self.eventually(lambda: len(election.contenders()) == count, f"{count} stand")
        self.assertEqual(election.contenders(), ["a", "b", "c"])
        self.assertEqual(led.get(timeout=WAIT), "a")
        self.assertTrue(led.empty())
        resign.set()
        self.assertEqual([led.get(timeout=WAIT) for _ in range(2)], ["b", "c"])
        for thread in threads:
            thread.join(WAIT)

    def test_counter_barrier_and_queue(self):
        counter = self.client.Counter(self.base + "/counter")
        counter += 3
        counter -= 1
        self.assertEqual(self.connect().Counter(self.base + "/counter").value, 2)

        barrier = self.client.Barrier(self.base + "/barrier")
        barrier.create()
        self.assertFalse(barrier.wait(0.01))
        barrier.remove()
        self.assertTrue(barrier.wait(WAIT))

        items = self.client.Queue(self.base + "/queue")
        for item in (b"1", b"2", b"3"):
            items.put(item)
        self.assertEqual([items.get() for _ in range(4)], [b"1", b"2", b"3", None])


# Watches


class WatchCases:
    def test_data_watch_sees_each_state(self):
        path = self.base + "/w"
        seen = queue.Queue()
        DataWatch(self.client, path, lambda data, stat: seen.put(data))
        writer = self.connect()
        self.assertIsNone(seen.get(timeout=WAIT))
        writer.create(path, b"1")
        self.assertEqual(seen.get(timeout=WAIT), b"1")
        writer.set(path, b"2")
        self.assertEqual(seen.get(timeout=WAIT), b"2")
        writer.delete(path)
        self.assertIsNone(seen.get(timeout=WAIT))

    def test_children_watch_sees_each_state(self):
        seen = queue.Queue()
        ChildrenWatch(self.client, self.base, lambda names: seen.put(sorted(names)))
        writer = self.connect()
        self.assertEqual(seen.get(timeout=WAIT), [])
        writer.create(self.base + "/a")
        self.assertEqual(seen.get(timeout=WAIT), ["a"])
        writer.create(self.base + "/b")
        self.assertEqual(seen.get(timeout=WAIT), ["a", "b"])
        writer.delete(self.base + "/a")
        self.assertEqual(seen.get(timeout=WAIT), ["b"])

    def test_one_shot_watches(self):
        path = self.client.create(self.base + "/w")
        events = queue.Queue()
        self.client.get(path, watch=events.put)
        self.client.exists(self.base + "/later", watch=events.put)
        self.client.get_children(self.base, watch=events.put)
        self.client.set(path, b"1")
        self.client.set(path, b"2")  # seen by nobody: the watch has fired
        self.client.create(self.base + "/later")
        got = [events.get(timeout=WAIT) for _ in range(3)]
        self.assertEqual([(event.type, event.path) for event in got],
                         [("CHANGED", path), ("CREATED", self.base + "/later"), ("CHILD", self.base)])
        self.client.sync("/")
        self.assertTrue(events.empty())

    def test_an_event_comes_before_the_data_that_it_announces(self):
        path = self.client.create(self.base + "/w", b"0")
        order = []
        handler = self.client.handler

        def watch(_):
            order.append("event")

        writer = self.connect()
        for number in range(20):
            order.clear()
            self.client.get(path, watch=watch)
            value = b"%d" % (number + 1)
            writer.set(path, value)
            self.eventually(lambda: self.client.get(path)[0] == value, "the new data can be read")
            done = handler.event_object()
            handler.dispatch_callback(Callback("watch", done.set, ()))  # behind all that has been queued
            done.wait(WAIT)
            self.assertEqual(order, ["event"])


# Sessions


HOLDER = """
import sys
from kazoo.client import KazooClient
client = KazooClient(hosts=sys.argv[1], timeout=float(sys.argv[3]))
client.add_listener(lambda state: print(state, flush=True))
client.start(timeout=30)
client.create(sys.argv[2], ephemeral=True)
print("HOLDS", flush=True)
sys.stdin.read()
"""


class SessionCases:
    def holder(self, path, timeout=SHORT_SESSION):
        """A process of its own that holds an ephemeral node. Returns when it does."""
        process = subprocess.Popen([sys.executable, "-B", "-c", HOLDER, self.server.hosts, path, str(timeout)],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdin.close(), process.stdout.close()))
        self.assertEqual(self.until_line(process, "HOLDS"), ["CONNECTED"])
        return process

    def until_line(self, process, line):
        """Reads what the process prints until that line comes; what came before."""
        before = []
        timer = threading.Timer(WAIT, process.kill)
        timer.start()
        for text in process.stdout:
            if text.strip() == line:
                timer.cancel()
                return before
            before.append(text.strip())
        self.fail(f"the process ended without {line!r}, after {before}")

    def watch_until_gone(self, path):
        """An event that is set when the path has vanished, as another client (on another server) is told."""
        gone = threading.Event()
        other = self.connect(next(s for s in ensemble.servers if s is not self.server).hosts)
        other.sync(path)
        self.assertIsNotNone(other.exists(path, watch=lambda event: event.type == "DELETED" and gone.set()))
        return gone

    def test_close_takes_ephemerals_along(self):
        holder = self.connect()
        path = holder.create(self.base + "/e", ephemeral=True)
        gone = self.watch_until_gone(path)
        holder.stop()
        self.assertTrue(gone.wait(WAIT))
        self.client.sync("/")
        self.assertIsNone(self.client.exists(path))

    def test_kill_of_the_holder(self):
        path = self.base + "/e"
        process = self.holder(path)
        gone = self.watch_until_gone(path)
        process.kill()
        self.assertTrue(gone.wait(WAIT))

    def test_paused_holder_expires_and_is_told(self):
        path = self.base + "/e"
        process = self.holder(path)
        gone = self.watch_until_gone(path)
        process.send_signal(signal.SIGSTOP)
        self.assertTrue(gone.wait(WAIT))
        process.send_signal(signal.SIGCONT)
        self.until_line(process, "LOST")
        self.until_line(process, "CONNECTED")  # with a new session

    def test_dropped_socket_keeps_the_session(self):
        states = queue.Queue()
        client = self.connect()
        path = client.create(self.base + "/e", ephemeral=True)
        session = client.client_id
        client.add_listener(states.put)
        client._connection._socket.shutdown(socket.SHUT_RDWR)
        self.assertEqual(states.get(timeout=WAIT), KazooState.SUSPENDED)
        self.assertEqual(states.get(timeout=WAIT), KazooState.CONNECTED)
        self.assertEqual(client.client_id, session)
        self.assertEqual(client.exists(path).ephemeralOwner, session[0])

    def test_wrong_password_is_refused(self):
        owner = self.connect()
        session = owner.client_id
        states = queue.Queue()
        owner.add_listener(states.put)
        stranger = self.connect(client_id=(session[0], b"x" * 16))
        self.assertNotEqual(stranger.client_id[0], session[0])
        self.eventually(lambda: owner.client_id == session, "the owner has its session")
        if ensemble.kind == "muster":  # ZooKeeper's followers close the owner's connection as well
            self.assertTrue(states.empty())

    def test_an_idle_session_lives_on(self):
        client = self.connect(timeout=SHORT_SESSION)
        states = queue.Queue()
        client.add_listener(states.put)
        path = client.create(self.base + "/e", ephemeral=True)
        with self.assertRaises(queue.Empty):
            states.get(timeout=3 * SHORT_SESSION)
        self.assertIsNotNone(self.client.exists(path))

    def test_move_to_another_server(self):
        hosts = [self.server.hosts] + [s.hosts for s in ensemble.servers if s is not self.server]
        client = self.connect(",".join(hosts))
        path = client.create(self.base + "/e", b"1", ephemeral=True)
        data, children, states = queue.Queue(), queue.Queue(), queue.Queue()
        DataWatch(client, path, lambda value, _: data.put(value))
        ChildrenWatch(client, self.base, lambda names: children.put(sorted(names)))
        self.assertEqual((data.get(timeout=WAIT), children.get(timeout=WAIT)), (b"1", ["e"]))
        session = client.client_id
        client.add_listener(states.put)

        self.server.kill()
        self.assertEqual(states.get(timeout=WAIT), KazooState.SUSPENDED)
        self.assertEqual(states.get(timeout=WAIT), KazooState.CONNECTED)
        self.assertEqual(client.client_id, session)
        other = self.connect(",".join(hosts[1:]))
        other.sync("/")
        self.assertEqual(other.exists(path).ephemeralOwner, session[0])
        other.set(path, b"2")
        other.create(self.base + "/f")
        self.assertEqual(self.last(data, b"2"), b"2")
        self.assertEqual(self.last(children, ["e", "f"]), ["e", "f"])

    def last(self, values, expected):
        """Takes values until the expected one comes (kazoo calls again with the old value when it has reconnected)."""
        while (value := values.get(timeout=WAIT)) != expected:
            pass
        return value


def define_cases():
    """DataOnLeader, DataOnFollower, TransactionOnLeader, …"""
    for cases in (DataCases, TransactionCases, RecipeCases, WatchCases, SessionCases):
        for role in ("leader", "follower"):
            name = f"{cases.__name__[:-len('Cases')]}On{role.capitalize()}"
            globals()[name] = type(name, (cases, Case), {"role": role, "__module__": __name__})


define_cases()

if __name__ == "__main__":
    unittest.main(verbosity=2)
