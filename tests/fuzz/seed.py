"""python3 -m fuzz.seed DIRECTORY (in tests/): plays the golden cases against a real server and writes what each sends as an input of
the client fuzzer, in the steps of client.cc. To begin a corpus anew: merge the directory into it with the fuzzer's -merge=1."""

import pathlib
import struct
import sys

from interop.golden import wire
from interop.golden.manifest import cases
from interop.golden.recording import AsItComes
from interop.golden.talk import Client, Talk

OPEN, SEND, HANDSHAKE, LEAVE = 0, 1, 3, 10  # steps of client.cc
ONE_PIECE, TURN = b"\1", b"\1"
LONGEST = 4096


class Recorder(Talk):
    """A case that notes what its clients do."""

    def __init__(self, address, name):
        super().__init__(address, name)
        self.input, self.connections = b"", []

    def client(self, name, connected=True):
        client = self.clients[name] = RecordedClient(self, name)
        if connected:
            client.connect(quiet=True)
        return client

    def step(self, kind, who, arguments=b""):
        self.input += bytes([kind, self.connections.index(who)]) + arguments + TURN


class RecordedClient(Client):
    def connect(self, session=None, **others):
        if self in self.talk.connections:
            self.left()
        self.talk.connections.append(self)
        self.talk.input += bytes([OPEN, 1]) + TURN
        known = [other for other in self.talk.connections if other.session and other.session == (session or self.session)]
        again = b"\1" + bytes([self.talk.connections.index(known[0])]) if known else b"\2"
        self.talk.step(HANDSHAKE, self, struct.pack("<HB", 20000, 0) + again + b"\1\0\0" + ONE_PIECE)
        return super().connect(session, **others)

    def send_bytes(self, data):
        if self in self.talk.connections and len(data) < LONGEST:
            self.talk.step(SEND, self, struct.pack("<H", len(data)) + data + ONE_PIECE)
        super().send_bytes(data)

    def hang_up(self):
        if self in self.talk.connections:
            self.left()
        super().hang_up()

    def left(self):
        self.talk.step(LEAVE, self)
        self.talk.connections.remove(self)


def main(directory):
    with AsItComes("muster") as server:
        for name, run in cases().items():
            recorder = Recorder(server.servers[0].address, name)
            run(recorder)
            for client in recorder.clients.values():
                if client.socket is not None:
                    client.ask(wire.request("closeSession"), closes=True)
            if len(recorder.input) < 16 * LONGEST:
                (directory / name).write_bytes(recorder.input)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
