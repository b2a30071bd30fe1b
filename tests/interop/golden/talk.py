"""A conversation with a server, written down so that two servers' can be compared word by word.

What no two servers share is written as what it means in the conversation: a zxid as the write it belongs to (w1 is the case's
first, failed ones count), a time as that of its zxid, a session and its password by their client's name.
After each request every client sends a ping and reads up to its answer: events are where they belong.
"""

import collections
import socket
import struct

from interop.golden import wire

PING = struct.pack(">iii", 8, -2, 11)
TIMEOUT_MS = 20000
MARSHALLING_ERROR = -5  # what cannot be read is no write: ZooKeeper 3.8 spends a zxid on it, 3.9 does not
SILENCE_SECONDS = 10  # a server that has not answered by then does not

Line = collections.namedtuple("Line", "turn client sign title fields")


class Closed(Exception):
    """The server closed the connection."""


class Client:
    def __init__(self, talk, name):
        self.talk, self.name = talk, name
        self.socket = None
        self.session, self.password = 0, bytes(16)
        self.zxid = 0  # the greatest that it saw
        self.xid = 0

    def note(self, sign, title, fields=()):
        self.talk.lines.append(Line(self.talk.turn, self.name, sign, title, list(fields)))

    # The handshake

    def connect(self, session=None, password=None, last_zxid=0, timeout=TIMEOUT_MS, read_only=False, quiet=False):
        """Shakes hands; with `quiet` the transcript says nothing about it. True if there is a session."""
        session = self.session if session is None else session
        password = self.password if password is None else password
        self.talk.turn += 1
        if not quiet:
            self.note(">", "connect", [("lastZxidSeen", "zxid", last_zxid), ("timeout", "int", timeout),
                                       ("session", "session", session), ("password", "password", password),
                                       ("readOnly", "bool", read_only)])
        self.socket = socket.create_connection(self.talk.address, SILENCE_SECONDS)
        self._send(wire.connect_frame(last_zxid, timeout, session, password, read_only))
        try:
            fields = wire.decode_connect(self._frame())
        except Closed:
            self.note("<", "closed")
            return False
        values = {name: value for name, _, value in fields}
        if values["timeout"] > 0:
            self.session, self.password = values["session"], values["password"]
            self.talk.sessions[self.session], self.talk.passwords[self.password] = self.name, self.name
        if not quiet:
            self.note("<", "connected", fields)
        if values["timeout"] <= 0:
            self._until_closed()
        return values["timeout"] > 0

    def hang_up(self):
        """Leaves without closing the session."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    # Requests

    def ask(self, *requests, closes=False):
        """Sends the requests in one go (but auth alone: ZooKeeper's answer to it overtakes others) and writes down what comes until all have had time to be answered: everything sent
        before the answer to a ping that follows them, or, where the server is to close the connection, before it does."""
        self.talk.turn += 1
        if self.socket is None:
            return self.note("!", "has no connection for " + " ".join(request.operation for request in requests))
        if len(requests) > 1 and any(request.operation == "auth" for request in requests):
            for request in requests:
                self.ask(request)
            return None
        asked = collections.deque()
        frames = []
        for request in requests:
            self.xid += 1
            asked.append((self.xid, request))
            frames.append(struct.pack(">iii", len(request.body) + 8, self.xid, request.opcode) + request.body)
            self._note_request(request)
        self.send_bytes(b"".join(frames) + (b"" if closes else PING))
        self._read(asked, closes)
        for other in list(self.talk.clients.values()):
            if other is not self and other.socket is not None:
                other.send_bytes(PING)
                other._read(collections.deque(), False)
        return None

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass  # closed meanwhile: reading says so

    def ask_bytes(self, title, data):
        """Sends bytes as they are, after which the server is to close the connection."""
        self.talk.turn += 1
        self.note(">", title, [("bytes", "buffer", data)])
        self.send_bytes(data)
        self._read(collections.deque(), True)

    def _note_request(self, request):
        if request.parts:
            self.note(">", request.operation, [(part.operation, "result", part.fields) for part in request.parts])
        elif request.raw is not None:
            self.note(">", request.operation, [("body", "buffer", request.raw)])
        else:
            self.note(">", request.operation, request.fields)

    def _read(self, asked, closes):
        if self.socket is None:
            return
        try:
            while self._on_frame(self._frame(), asked) or closes:
                pass
        except Closed:
            self.note("<", "closed")
            self.hang_up()
        except socket.timeout:
            self.note("<", "silent")

    def _until_closed(self):
        self._read(collections.deque(), True)

    def _on_frame(self, frame, asked):
        """False if it was the answer to the ping."""
        xid, zxid, error = struct.unpack_from(">iqi", frame)
        body = frame[16:]
        if xid == -2 and not (asked and asked[0][1].operation == "ping"):
            self.zxid = max(self.zxid, zxid)
            return False
        if xid == -1:
            self.note("<", "event", [("zxid", "zxid", zxid)] + wire.decode_event(body))
            return True
        if not asked or asked[0][0] != xid and xid != -2:
            self.note("<", "unasked frame", [("xid", "int", xid), ("size", "int", len(frame))])
            return True
        request = asked.popleft()[1]
        self.zxid = max(self.zxid, zxid)
        if request.operation in wire.WRITES and zxid > 0 and error != MARSHALLING_ERROR:
            self.talk.anchors.add(zxid)
        fields = [("error", "int", error), ("zxid", "zxid", zxid)] + wire.decode_reply(request, error, body)
        self.note("<", request.operation, fields)
        return True

    def _send(self, body):
        self.socket.sendall(struct.pack(">i", len(body)) + body)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            try:
                chunk = self.socket.recv(size - len(data))
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise Closed()
            data += chunk
        return data

    def _frame(self):
        return self._exactly(struct.unpack(">i", self._exactly(4))[0])


class Talk:
    """One case: a directory of its own, clients by name, the transcript."""

    def __init__(self, address, name):
        self.address, self.name = address, name
        self.base = "/" + name
        self.clients, self.lines, self.anchors = {}, [], set()
        self.turn = 0  # counts what the clients undertake; what the server says belongs to one
        self.sessions, self.passwords = {0: "0"}, {bytes(16): "0"}

    def client(self, name, connected=True):
        client = self.clients[name] = Client(self, name)
        if connected:
            client.connect(quiet=True)
        return client

    def path(self, rest=""):
        return self.base + rest

    def transcript(self):
        """What was said so far, as exchanges: (requests, answers), texts."""
        return _Writer(self).exchanges()

    def end(self):
        """Closes all sessions, not to be seen; returns the transcript."""
        heard = len(self.lines)
        for client in self.clients.values():
            if client.socket is not None:
                client.ask(wire.request("closeSession"), closes=True)
        del self.lines[heard:]
        return self.transcript()


class _Writer:
    """Writes the transcript in words that any server's would have."""

    def __init__(self, talk):
        self.talk = talk
        self.writes = sorted(talk.anchors)
        self.times = {}

    def exchanges(self):
        turns = {}
        for line in self.talk.lines:
            asked, answers = turns.setdefault(line.turn, ([], []))
            (answers if line.sign == "<" else asked).append(f"{line.client}{line.sign} {line.title}{self.fields(line.fields)}")
        return [("\n".join(asked), answers) for asked, answers in turns.values()]

    def fields(self, fields):
        values = {name: value for name, _, value in fields}
        return "".join(f" {self.field(name, kind, value, values)}" for name, kind, value in fields)

    def field(self, name, kind, value, values):
        if kind == "stat":
            return "stat{%s }" % self.fields(value)
        if kind == "result":
            return f"{name}{{{self.fields(value)} }}"
        return f"{name}={self.value(kind, value, values)}"

    def value(self, kind, value, values):
        if kind == "zxid":
            return self.zxid(value)
        if kind.startswith("time:"):
            return self.time(value, values[kind[len("time:"):]])
        if kind == "session":
            return self.talk.sessions.get(value) or "?"
        if kind == "password":
            return self.talk.passwords.get(value) or ("null" if value is None else f"?({len(value)})")
        if kind == "names":
            return "[%s]" % " ".join(ascii(name) for name in sorted(value))
        if kind == "clients":  # in ZooKeeper 3.8 in the order of a hash table
            value = sorted(value)
        if isinstance(value, list):
            return "[%s]" % " ".join(self.item(item) for item in value)
        return self.item(value)

    def item(self, value):
        if value is None:
            return "null"
        if isinstance(value, tuple):
            return ":".join("null" if part is None else str(part) for part in value)
        if isinstance(value, (bytes, str)) and len(value) > 200:
            return f"<{len(value)} long>"
        return ascii(value) if isinstance(value, (bytes, str)) else str(value)

    def zxid(self, value):
        if value <= 0 or value == 2**63 - 1:
            return str(value)
        at = sum(1 for write in self.writes if write <= value)
        return f"w{at}" if at else "before"

    def time(self, value, zxid):
        """A time is that of its transaction: the same wherever the same zxid is shown."""
        if value == 0 or zxid == 0:
            return "0" if value == 0 else "not 0"
        return f"time({self.zxid(zxid)})" if self.times.setdefault(zxid, value) == value else "another time"
