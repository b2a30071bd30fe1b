"""kazoo while its servers are killed and started again: locks stay held, no watch is lost, nobody is locked out.
First connected to the leader, first to a follower."""

import queue
import threading
import unittest

from kazoo.client import KazooState
from kazoo.exceptions import NoAuthError
from kazoo.recipe.watchers import ChildrenWatch, DataWatch
from kazoo.security import make_digest_acl

from interop.kazoo_case import WAIT, for_leader_and_follower, setUpModule, tearDownModule

ROUNDS = 2


class KillCases:
    def setUp(self):
        super().setUp()
        self.ensemble.wait_voting()

    def mover(self, **options):
        """A client that goes elsewhere when its server is killed, and the states that it has been through since."""
        others = [server for server in self.ensemble.servers if server is not self.server]
        client = self.connect(",".join(server.hosts for server in [self.server, *others]), **options)
        client.states = queue.Queue()
        client.add_listener(client.states.put)
        return client

    def kill_server_of(self, client):
        port = client._connection._socket.getpeername()[1]
        server = next(s for s in self.ensemble.servers if s.address[1] == port)
        server.kill()
        return server

    def start_again(self, server):
        server.start()
        self.ensemble.wait_voting()

    def assert_moved(self, client, session):
        """Suspended and connected again, in the same session. ZooKeeper's servers all drop their clients when the leader is lost."""
        self.assertEqual(client.states.get(timeout=WAIT), KazooState.SUSPENDED)
        self.assertEqual(client.states.get(timeout=WAIT), KazooState.CONNECTED)
        if self.ensemble.kind == "muster":
            self.assertTrue(client.states.empty())
        self.assertEqual(client.client_id, session)

    def test_a_lock_stays_held(self):
        holder, other = self.mover(), self.mover()
        session = holder.client_id
        lock, wanted = holder.Lock(self.base + "/lock", "holder"), other.Lock(self.base + "/lock", "other")
        self.assertTrue(lock.acquire(timeout=WAIT))
        for _ in range(ROUNDS):
            server = self.kill_server_of(holder)
            self.assert_moved(holder, session)
            self.eventually(lambda: other.connected, "the other is connected")
            self.assertFalse(wanted.acquire(blocking=False))
            self.assertEqual(holder.retry(lock.contenders), ["holder"])
            self.start_again(server)
        holder.retry(lock.release)
        self.assertTrue(wanted.acquire(timeout=WAIT))

    def test_a_lock_comes_to_who_waits_for_it(self):
        holder, waiting = self.mover(), self.mover()
        lock, wanted = holder.Lock(self.base + "/lock", "holder"), waiting.Lock(self.base + "/lock", "waiting")
        self.assertTrue(lock.acquire(timeout=WAIT))
        thread = threading.Thread(target=wanted.acquire, kwargs={"timeout": WAIT})
        thread.start()
        self.eventually(lambda: holder.retry(lock.contenders) == ["holder", "waiting"], "both contend")
        self.kill_server_of(waiting)  # and of the holder, if it is the same
        holder.retry(lock.release)
        thread.join(WAIT)
        self.assertTrue(wanted.is_acquired)

    def test_one_at_a_time(self):
        inside, passed, failures = [], [], []
        killed = threading.Event()

        def work(client):
            lock = client.Lock(self.base + "/lock")
            while len(passed) < 30 or not killed.is_set():
                with lock:
                    inside.append(client)
                    if inside != [client]:
                        failures.append("two hold the lock")
                    passed.append(client)
                    inside.remove(client)

        def work_or_say_why_not(client):
            try:
                work(client)
            except Exception as error:
                failures.append(error)

        clients = [self.mover() for _ in range(3)]
        threads = [threading.Thread(target=work_or_say_why_not, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        for _ in range(ROUNDS):
            self.eventually(lambda: clients[0].connected, "it is connected")
            self.start_again(self.kill_server_of(clients[0]))
        killed.set()
        for thread in threads:
            thread.join(WAIT)
            self.assertFalse(thread.is_alive())
        self.assertEqual(failures, [])

    def test_no_watch_is_lost(self):
        client = self.mover()
        session = client.client_id
        path = client.create(self.base + "/w", b"0")
        data, children = queue.Queue(), queue.Queue()
        DataWatch(client, path, lambda value, _: data.put(int(value)))
        ChildrenWatch(client, path, lambda names: children.put(len(names)))
        self.until(data, 0)
        self.until(children, 0)
        for number in range(1, ROUNDS + 1):
            server = self.kill_server_of(client)
            writer = self.connect(",".join(s.hosts for s in self.ensemble.running()))
            writer.retry(writer.set, path, b"%d" % number)  # while it looks for another server, or behind it
            writer.retry(writer.ensure_path, f"{path}/{number}")
            self.assert_moved(client, session)
            self.until(data, number)
            self.until(children, number)
            self.start_again(server)

    def until(self, values, last):
        """Takes values until the last one comes: kazoo calls again when it has reconnected, but never goes back in time."""
        before = 0
        while (value := values.get(timeout=WAIT)) != last:
            self.assertGreaterEqual(value, before)
            before = value
        self.assertGreaterEqual(value, before)

    def test_identities_move_along(self):
        client = self.mover(auth_data=[("digest", "me:secret")])
        session = client.client_id
        client.add_auth("digest", "also:me")
        mine, also = self.base + "/mine", self.base + "/also"
        client.create(mine, b"1", acl=[make_digest_acl("me", "secret", all=True)])
        client.create(also, b"2", acl=[make_digest_acl("also", "me", read=True)])
        self.kill_server_of(client)
        self.assert_moved(client, session)
        self.assertEqual(client.retry(client.get, mine)[0], b"1")
        self.assertEqual(client.retry(client.get, also)[0], b"2")
        with self.assertRaises(NoAuthError):
            client.retry(client.set, also, b"3")
        stranger = self.mover(auth_data=[("digest", "me:wrong")])
        for refused in (lambda: stranger.get(mine), lambda: stranger.set(mine, b""), lambda: stranger.get_children(mine),
                        lambda: stranger.set_acls(mine, [make_digest_acl("me", "wrong", all=True)])):
            with self.assertRaises(NoAuthError):
                refused()
        stranger.add_auth("digest", "me:secret")
        self.assertEqual(stranger.get(mine)[0], b"1")


for_leader_and_follower(globals(), KillCases)

if __name__ == "__main__":
    unittest.main(verbosity=2)
