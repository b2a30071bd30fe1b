"""A ZooKeeper session by hand: jute bytes over one asyncio connection, pipelined, nothing retried behind the caller's back.

Tests use it where a client library would hide what they ask about: which write was acknowledged, which was not, and whether
the connection stayed open.
"""

import asyncio
import struct

OK, NO_NODE, BAD_VERSION, NODE_EXISTS, SESSION_EXPIRED, SESSION_MOVED = 0, -101, -103, -110, -112, -118
CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, GET_CHILDREN, SYNC, PING, CLOSE = 1, 2, 3, 4, 5, 8, 9, 11, -11
EPHEMERAL, SEQUENTIAL = 1, 2
PING_XID = -2

_header = struct.Struct(">iqi")
_stat = struct.Struct(">qqqqiiiqiiq")
_OPEN_ACL = struct.pack(">ii", 1, 31) + struct.pack(">i5si6s", 5, b"world", 6, b"anyone")


def string(text):
    data = text.encode()
    return struct.pack(">i", len(data)) + data


def buffer(data):
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def create(path, data=b"", flags=0):
    return CREATE, string(path) + buffer(data) + _OPEN_ACL + struct.pack(">i", flags)


def delete(path, version=-1):
    return DELETE, string(path) + struct.pack(">i", version)


def exists(path, watch=False):
    return EXISTS, string(path) + struct.pack(">?", watch)


def get_data(path, watch=False):
    return GET_DATA, string(path) + struct.pack(">?", watch)


def set_data(path, data, version=-1):
    return SET_DATA, string(path) + buffer(data) + struct.pack(">i", version)


def get_children(path, watch=False):
    return GET_CHILDREN, string(path) + struct.pack(">?", watch)


def sync(path="/"):
    return SYNC, string(path)


class Stat:
    """The fields of a znode's Stat that tests ask for."""

    def __init__(self, body):
        (self.czxid, self.mzxid, _, _, self.version, self.cversion, _, self.ephemeral_owner, self.data_length,
         self.num_children, self.pzxid) = _stat.unpack_from(body)


def decode(op, body):
    """The value of a successful reply: a path, a Stat, (data, Stat), a list of names, or None."""
    if op in (CREATE, SYNC):
        return body[4:].decode()
    if op in (EXISTS, SET_DATA):
        return Stat(body)
    if op == GET_DATA:
        length = max(0, struct.unpack_from(">i", body)[0])
        return body[4:4 + length], Stat(body[4 + length:])
    if op == GET_CHILDREN:
        count, at, names = struct.unpack_from(">i", body)[0], 4, []
        for _ in range(count):
            length = struct.unpack_from(">i", body, at)[0]
            names.append(body[at + 4:at + 4 + length].decode())
            at += 4 + length
        return names
    return None


class RequestFailed(Exception):
    """A reply with an error code."""

    def __init__(self, code, op):
        super().__init__(f"operation {op} answered {code}")
        self.code = code


class Lost(Exception):
    """The connection closed before the reply came: the request may or may not have taken effect."""


class Expired(Exception):
    """The server no longer knows the session."""


class RawClient(asyncio.Protocol):
    """One session, at most one connection at a time. `submit` queues a request and returns at once; its callback gets
    (error code, reply body), or (None, None) when the connection closed first. `on_closed` is called once per connection."""

    def __init__(self, timeout_ms=30000):
        self.timeout_ms = timeout_ms
        self.session = 0
        self.password = bytes(16)
        self.last_zxid = 0
        self.negotiated_ms = 0
        self.on_closed = lambda: None
        self.on_event = lambda event_type, path: None
        self.connected = False
        self._transport = None
        self._buffer = b""
        self._waiting = []  # (xid, op, callback) in the order sent
        self._answered = 0  # how many of _waiting, from its front, have been answered
        self._xid = 0
        self._handshake = None
        self._pings = None

    @property
    def in_flight(self):
        return len(self._waiting) - self._answered

    async def connect(self, address, seconds=10):
        """Opens the session on this server, or resumes it there. OSError or Lost: this server does not take it now."""
        loop = asyncio.get_running_loop()
        assert self._transport is None, "connected already"
        self._handshake = loop.create_future()
        self._buffer = b""
        try:
            async with asyncio.timeout(seconds):
                await loop.create_connection(lambda: self, *address)
                body = struct.pack(">iqiq", 0, self.last_zxid, self.timeout_ms, self.session)
                body += buffer(self.password) + b"\0"
                self._transport.write(struct.pack(">i", len(body)) + body)
                await self._handshake
        except TimeoutError:
            await self._dropped()
            raise Lost() from None
        except BaseException:
            await self._dropped()
            raise

    def submit(self, request, callback):
        op, body = request
        self._xid += 1
        self._waiting.append((self._xid, op, callback))
        if not self._transport.is_closing():
            self._transport.write(struct.pack(">iii", len(body) + 8, self._xid, op) + body)

    async def call(self, request, seconds=60):
        """Sends the request and returns its decoded reply."""
        future = asyncio.get_running_loop().create_future()
        if not self.connected:
            raise Lost()
        self.submit(request, lambda code, body: future.done() or future.set_result((code, body)))
        code, body = await asyncio.wait_for(future, seconds)
        if code is None:
            raise Lost()
        if code != OK:
            raise RequestFailed(code, request[0])
        return decode(request[0], body)

    def drop(self):
        """Closes the connection without closing the session. on_closed follows."""
        self.connected = False
        if self._transport is not None:
            self._transport.abort()

    async def _dropped(self):
        self.drop()
        while self._transport is not None:
            await asyncio.sleep(0)

    async def close(self):
        """Ends the session."""
        if self.connected:
            try:
                await self.call((CLOSE, b""), 10)
            except (Lost, TimeoutError):
                pass
        self.drop()

    # asyncio.Protocol

    def connection_made(self, transport):
        self._transport = transport

    def connection_lost(self, _):
        self._transport = None
        self.connected = False
        if self._pings is not None:
            self._pings.cancel()
        unanswered, self._waiting, self._answered = self._waiting[self._answered:], [], 0
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(Lost())
            return
        for _, _, callback in unanswered:
            callback(None, None)
        self.on_closed()

    def data_received(self, data):
        buffer = self._buffer + data if self._buffer else data
        at, size = 0, len(buffer)
        while size - at >= 4:
            end = at + 4 + int.from_bytes(buffer[at:at + 4], "big")
            if end > size:
                break
            if self.connected:
                self._on_reply(buffer, at + 4, end)
            else:
                self._on_connect_reply(buffer[at + 4:end])
            at = end
        self._buffer = buffer[at:]
        if self._answered > 1000:
            del self._waiting[:self._answered]
            self._answered = 0

    def _on_connect_reply(self, body):
        _, timeout_ms, session, length = struct.unpack_from(">iiqi", body)
        if timeout_ms <= 0:
            self._handshake.set_exception(Expired())
            return
        if self.session not in (0, session):
            self._handshake.set_exception(AssertionError("the server answered another session"))
            return
        self.session, self.password, self.negotiated_ms = session, body[20:20 + length], timeout_ms
        self.connected = True
        self._ping()
        self._handshake.set_result(None)

    def _on_reply(self, buffer, at, end):
        xid, zxid, code = _header.unpack_from(buffer, at)
        if xid == PING_XID:
            return
        if xid == -1:
            event_type, _, length = struct.unpack_from(">iii", buffer, at + 16)
            self.on_event(event_type, buffer[at + 28:at + 28 + length].decode())
            return
        expected, _, callback = self._waiting[self._answered]
        assert xid == expected, f"reply to {xid} where that to {expected} was due"
        self._answered += 1
        if zxid > 0:
            self.last_zxid = zxid
        callback(code, buffer[at + 16:end])

    def _ping(self):
        if self.connected and not self._transport.is_closing():
            self._transport.write(struct.pack(">iii", 8, PING_XID, PING))
            self._pings = asyncio.get_running_loop().call_later(self.negotiated_ms / 3000, self._ping)
