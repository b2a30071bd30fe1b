"""getChildren of a znode with a million children, while other clients go on.

    python3 -m bench.children                        from tests/, or: scripts/bench children
"""

import argparse
import socket
import struct
import sys
import threading
import time

from bench import scale
from bench.run import load_znodes, muster_bench
from interop.cluster import Ensemble, ROOT
from support import raw_client as raw

MAX_P99_MS = 20
ROOT_XID = 1
NAME_BYTES = 11  # as muster bench names its keys


class Session:
    """A blocking one that asks for long lists."""

    def __init__(self, address):
        self._socket = socket.create_connection(address, 60)
        self._send(struct.pack(">iqiqi", 0, 0, 30_000, 0, 16) + bytes(16))
        self._receive()

    def close(self):
        self._socket.close()

    def children(self, path):
        """How many there are, and the bytes of the whole answer."""
        op, body = raw.get_children(path)
        self._send(struct.pack(">ii", ROOT_XID, op) + body)
        answer = self._receive()
        error, count = struct.unpack_from(">ii", answer, 12)
        assert error == 0, f"getChildren is answered with {error}"
        return count, answer

    def _send(self, payload):
        self._socket.sendall(struct.pack(">i", len(payload)) + payload)

    def _receive(self):
        size, = struct.unpack(">i", self._take(4))
        return self._take(size)

    def _take(self, size):
        got = bytearray(size)
        view = memoryview(got)
        while view:
            count = self._socket.recv_into(view)
            assert count, "the server hung up"
            view = view[count:]
        return got


def names(answer):
    """Of a reply to getChildren, in order."""
    at = 20
    while at < len(answer):
        size, = struct.unpack_from(">i", answer, at)
        yield bytes(answer[at + 4:at + 4 + size])
        at += 4 + size


def find_parent(address):
    session = Session(address)
    try:
        _, answer = session.children("/")
        return next(f"/{name.decode()}" for name in names(answer) if name.startswith(b"muster-bench-"))
    finally:
        session.close()


class Reader(threading.Thread):
    """Reads the whole list again and again; `times` has how long each took."""

    def __init__(self, address, path, expected):
        super().__init__()
        self._session, self._path, self._expected = Session(address), path, expected
        self._ending, self._problem = False, None
        self.times, self.bytes = [], 0

    def run(self):
        try:
            while not self._ending:
                started = time.monotonic()
                count, answer = self._session.children(self._path)
                self.times.append(time.monotonic() - started)
                assert count == self._expected and len(answer) == 20 + count * (4 + NAME_BYTES), "the list is not whole"
                self.bytes = len(answer)
            self._session.close()
        except Exception as problem:
            self._problem = problem

    def end(self):
        self._ending = True
        self.join()
        if self._problem:
            raise self._problem


def load(server, arguments):
    figures = muster_bench(server.hosts, "mixed", "--rate", arguments.rate, "--seconds", arguments.seconds, "--warm-up", 2,
                           "--connections", 10, "--in-flight", 50)
    assert not figures["errors"], figures["errors"]
    return figures["latency_ms"]


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench children", description=__doc__.splitlines()[0])
    parser.add_argument("--znodes", type=int, default=1_000_000, help="children (default a million)")
    parser.add_argument("--rate", type=int, default=2000, help="of the others' requests a second, 9 reads of 10 (default 2000)")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement (default 20)")
    parser.add_argument("--data", default=ROOT / "build", help="folder for the servers' data (default build/)")
    arguments = parser.parse_args()
    section = scale.Section("A znode with many children", "children", sys.argv[1:], arguments.data)
    with Ensemble(3, kind="muster", directory=arguments.data) as ensemble:
        ensemble.wait_voting()
        load_znodes(ensemble.hosts, arguments.znodes)
        follower = ensemble.wait_follower()
        parent = find_parent(follower.address)
        alone = load(follower, arguments)
        reader = Reader(follower.address, parent, arguments.znodes)
        reader.start()
        beside = load(follower, arguments)
        reader.end()
    section.say(f"One client reads the names of {arguments.znodes:,} children from a follower, {reader.bytes / 1e6:.0f} MB, again and again: "
                f"{len(reader.times)} times, {1000 * sum(reader.times) / len(reader.times):.0f} ms each, {1000 * max(reader.times):.0f} ms at "
                f"most. Others send that server {arguments.rate:,} requests a second, in an open loop. The server's limits are the default "
                f"ones. Goal: their p99 stays below {MAX_P99_MS} ms.")
    section.say()
    section.table(("their latency", "p50", "p99", "p99.9", "max", "reached"),
                  [(name, *(f"{figures[key]:.2f} ms" for key in ("p50", "p99", "p99.9", "max")), reached)
                   for name, figures, reached in (("alone", alone, ""), ("meanwhile", beside, scale.verdict(beside["p99"] < MAX_P99_MS)))])
    section.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
