"""What anyone may send to a server's two ports: each limit of config/server.yaml crossed on a real server, and garbage. The one who
crosses is closed; nobody else notices, and memory does not grow with what was only promised."""

import contextlib
import re
import socket
import struct
import time
import unittest

from interop.cluster import Ensemble, eventually
from interop.golden import wire
from interop.golden.talk import Talk

SECRET = "a secret of the servers, long enough"
LIMITS = {"max_frame_bytes": 65536, "max_connections": 40, "max_connections_per_address": 20, "max_requests_in_flight": 50,
          "max_output_bytes": 262144, "max_watches_per_connection": 30, "max_sessions": 12, "handshake_ms": 1500}
MAX_STRANGERS = 64  # on the peer port


def closed(link, seconds=30):
    """True when the other side has closed; what it sent before does not count."""
    link.settimeout(seconds)
    try:
        while link.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except socket.timeout:
        return False


def resident_bytes(server):
    with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


class OneServer:
    """A server alone with tight limits, and a client that does nothing wrong."""

    @classmethod
    def setUpClass(cls):
        cls.ensemble = Ensemble(1, "muster", muster={"limits": "{%s}" % ", ".join(f"{k}: {v}" for k, v in LIMITS.items())})
        cls.addClassCleanup(cls.ensemble.close)
        cls.ensemble.start()
        cls.server = cls.ensemble.servers[0]

    def setUp(self):
        self.links = contextlib.ExitStack()
        self.addCleanup(self.links.close)
        eventually(lambda: self.connections() <= 1, "the others' connections are gone")
        self.witness = Talk(self.server.address, f"w-{time.monotonic_ns()}").client("witness")
        self.addCleanup(self.still_served)

    def still_served(self):
        """Whoever did nothing wrong is served as before, on the same connection."""
        self.witness.ask(wire.request("ping"), wire.request("exists", "/", False))
        self.assertIsNotNone(self.witness.socket)
        self.witness.ask(wire.request("closeSession"), closes=True)

    def connections(self):
        return int(re.search(r"zk_num_alive_connections\t(\d+)", self.server.four_letters("mntr"))[1]) - 1  # that of the question itself

    def connect(self, address="127.0.0.1"):
        return self.links.enter_context(socket.create_connection(self.server.address, 5, source_address=(address, 0)))

    def session(self, address="127.0.0.1"):
        """A connection with a session; None if there is none to be had."""
        link = self.connect(address)
        frame = wire.connect_frame(0, 20000, 0, bytes(16), False)
        link.sendall(struct.pack(">i", len(frame)) + frame)
        return link if link.recv(41) else None

    @staticmethod
    def send(link, *requests):
        with contextlib.suppress(ConnectionError):
            link.sendall(b"".join(struct.pack(">iii", len(r.body) + 8, xid, r.opcode) + r.body for xid, r in enumerate(requests, 1)))

    def close(self, link):
        self.send(link, wire.request("closeSession"))
        self.assertTrue(closed(link))


class ClientPort(OneServer, unittest.TestCase):
    def test_lengths(self):
        for length in (-1, 0, LIMITS["max_frame_bytes"] + 1, 2**31 - 1, -2**31):
            link = self.connect()
            link.sendall(struct.pack(">i", length))
            self.assertTrue(closed(link), length)
            link = self.session()
            link.sendall(struct.pack(">i", length))
            self.assertTrue(closed(link), length)

    def test_promises_take_no_memory(self):
        before = resident_bytes(self.server)
        for _ in range(15):
            link = self.connect()
            link.sendall(struct.pack(">i", LIMITS["max_frame_bytes"]) + b"x")
        link = self.session()
        for _ in range(100):
            self.send(link, wire.malformed("setWatches", struct.pack(">qi", 0, 2**31 - 1)),
                      wire.malformed("multi", struct.pack(">i?iii", 1, False, -1, 2**31 - 1, 0)))
        self.close(link)
        self.assertLess(resident_bytes(self.server) - before, 15 * 65536)

    def test_requests_before_the_handshake(self):
        link = self.connect()
        self.send(link, wire.request("exists", "/", False))
        self.assertTrue(closed(link))

    def test_slow_handshakes(self):
        silent, slow = self.connect(), self.connect()
        frame = wire.connect_frame(0, 20000, 0, bytes(16), False)
        slow.sendall(struct.pack(">i", len(frame)) + frame[:10])
        self.assertTrue(closed(silent))
        self.assertTrue(closed(slow))

    def test_connections(self):
        links = [self.connect() for _ in range(30)]
        eventually(lambda: len(established(self.server.address[1])) == LIMITS["max_connections_per_address"], "so many from one address")
        self.assertTrue(all(map(closed, links[LIMITS["max_connections_per_address"]:])))
        others = [self.connect("127.0.0.2") for _ in range(30)]
        self.assertTrue(all(map(closed, others[LIMITS["max_connections"] - LIMITS["max_connections_per_address"]:])))

    def test_watches(self):
        link = self.session()
        self.send(link, *(wire.request("exists", f"/{i}", True) for i in range(LIMITS["max_watches_per_connection"] + 1)))
        self.assertTrue(closed(link))

    def test_slow_readers(self):
        """Requests in flight and output are bounded: a client that asks and does not read is not read either, or closed."""
        writer = self.session()
        self.send(writer, wire.create(f"/large-{time.monotonic_ns()}", bytes(60000), flags=1))
        before = resident_bytes(self.server)
        name = f"/slow-{time.monotonic_ns()}"
        self.send(writer, wire.create(name, bytes(60000), flags=1))
        self.assertTrue(writer.recv(65536))
        slow = self.session()
        slow.setblocking(False)
        request = wire.request("getData", name, False)
        frame = struct.pack(">iii", len(request.body) + 8, 1, request.opcode) + request.body
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(20000):
                slow.send(frame * 100)
        self.assertLess(resident_bytes(self.server) - before, 16 << 20)
        slow.close()
        self.close(writer)


class Sessions(OneServer, unittest.TestCase):
    def test_sessions(self):
        links = []
        while (link := self.session()) is not None:
            links.append(link)
        self.assertEqual(len(links), LIMITS["max_sessions"] - 1)  # the witness has one
        self.close(links.pop())
        eventually(lambda: (found := self.session()) and (links.append(found) or True), "there is room again")
        for link in links:
            self.close(link)


def established(port):
    """The server's ends of the connections to that port: asking the server itself would take one more."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return [row for row in rows if row[1].endswith(":%04X" % port) and row[3] == "01"]


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def introduction(sender, to, nonce=b"n" * 16, mac=b"", version=1):
    body = b"\x08" + varint(version) + b"\x10" + varint(sender) + b"\x18" + varint(to) + b"\x22" + varint(len(nonce)) + nonce
    if mac:
        body += b"\x2a" + varint(len(mac)) + mac
    return framed(b"\x12" + varint(len(body)) + body)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def framed(payload):
    length = struct.pack("<I", len(payload))
    return length + struct.pack("<I", crc32c(length + payload)) + payload


class PeerPort(unittest.TestCase):
    def setUp(self):
        self.ensemble = Ensemble(3, "muster")
        self.addCleanup(self.ensemble.close)
        secret = self.ensemble.dir / "secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        self.ensemble.options["muster"] = {"secret_file": secret}
        self.ensemble.start()
        self.server = self.ensemble.servers[0]

    def call(self):
        return socket.create_connection(("127.0.0.1", self.ensemble.peer_ports[1]), 5)

    def refusals(self):
        return re.findall(r"no link to (.*)", self.server.log.read_text())

    def refused(self, data, why):
        """The caller is closed, with one line that says why."""
        known = len(self.refusals())
        for _ in range(2):  # who comes again with the same is no news
            with self.call() as link:
                link.sendall(data)
                self.assertTrue(closed(link), why)
        lines = self.refusals()[known:]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(why, lines[0])

    def test_strangers(self):
        for data, why in ((b"\xff" * 100, "a stranger on the peer port (127.0.0.1): it sent a frame that is too long"),
                          (struct.pack("<I", 513), "too long"), (b"GET / HTTP/1.1\r\n\r\n", "too long"),
                          (framed(b"damaged")[:-1] + b"D", "too long, or that was changed on its way"),
                          (framed(b"\xff" * 20), "did not introduce itself"), (framed(b""), "did not introduce itself"),
                          (introduction(9, 1), "server 9, which is not in the configuration"),
                          (introduction(1, 1), "the same server_id"), (introduction(3, 2), "looks for server 2"),
                          (introduction(3, 1, nonce=b"short"), "bad nonce"), (introduction(3, 1, version=7), "speaks version 7"),
                          (introduction(3, 1) + introduction(3, 1, mac=b"m" * 32), "does not know the secret"),
                          (introduction(3, 1) + introduction(3, 1), "does not know the secret"),
                          (introduction(3, 1, mac=b"m" * 32), "before it was asked")):
            if why.startswith("too long") or (why == "does not know the secret" and data.count(b"m") < 8) or (
                    why == "did not introduce itself" and data == framed(b"")):
                with self.call() as link:  # the same words as before: not said again
                    link.sendall(data)
                    self.assertTrue(closed(link), why)
            else:
                self.refused(data, why)
        self.assertEqual(self.ensemble.wait_leader().mode(), "leader")

    def test_the_silent_are_few_and_leave_soon(self):
        before = resident_bytes(self.server)
        with contextlib.ExitStack() as stack:
            links = [stack.enter_context(self.call()) for _ in range(3 * MAX_STRANGERS)]
            for link in links[-MAX_STRANGERS:]:
                link.sendall(struct.pack("<I", 512) + b"x")
            self.assertTrue(closed(links[0], 1.5))  # at once, not for its silence
            self.assertTrue(all(map(closed, links)))
        self.assertLess(resident_bytes(self.server) - before, 8 << 20)
        self.assertEqual(sum("did not introduce itself in time" in line for line in self.refusals()), 1)
        self.ensemble.wait_serving()


if __name__ == "__main__":
    unittest.main()
