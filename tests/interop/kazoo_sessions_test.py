"""kazoo's sessions: ephemerals vanish when they should and not before, sessions survive what they should.
Connected to the leader and to a follower."""

import queue
import signal
import socket
import subprocess
import sys
import threading
import unittest

from kazoo.client import KazooState
from kazoo.recipe.watchers import ChildrenWatch, DataWatch

from interop.kazoo_case import WAIT, for_leader_and_follower, setUpModule, tearDownModule

SHORT_SESSION = 1.5

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
        other = self.connect(next(s for s in self.ensemble.servers if s is not self.server).hosts)
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
        if self.ensemble.kind == "muster":  # ZooKeeper's followers close the owner's connection as well
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
        hosts = [self.server.hosts] + [s.hosts for s in self.ensemble.servers if s is not self.server]
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


for_leader_and_follower(globals(), SessionCases)

if __name__ == "__main__":
    unittest.main(verbosity=2)
