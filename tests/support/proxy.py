"""Networks that fail on request: a Proxy stands before each server, and tests tell it what no longer passes.

    with Proxies(ensemble) as proxies:
        client.connect(proxies.hosts)
        proxies[2].cut()          # its connections break, new ones are refused
        proxies[1].hold("down")   # what server 1 says does not arrive, until pass_all() or cut()
        proxies.pass_all()

All methods may be called from any thread and return when it is done.
"""

import asyncio
import socket
import threading

from interop.cluster import Ports


class _End(asyncio.Protocol):
    """One end of a forwarded connection."""

    def __init__(self, pair, direction):
        self.pair = pair
        self.direction = direction  # of what arrives here: "up" to the server, "down" to the client
        self.transport = None
        self.other = None
        self.early = []             # what came before the other end was there

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.hold(self.direction in self.pair.proxy.held)

    def hold(self, held):
        if self.transport is None or self.transport.is_closing():
            return
        if held and self.transport.is_reading():
            self.transport.pause_reading()
        elif not held and not self.transport.is_reading():
            self.transport.resume_reading()

    def data_received(self, data):
        if self.other is None or self.other.transport is None:
            self.early.append(data)
        else:
            self.other.transport.write(data)

    def connection_lost(self, _):
        self.pair.abort()


class _Pair:
    """A client's connection and its continuation to the server."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.client = _End(self, "up")
        self.server = _End(self, "down")
        self.client.other, self.server.other = self.server, self.client
        self.over = False
        proxy.pairs.add(self)

    async def connect(self):
        try:
            await asyncio.get_running_loop().create_connection(lambda: self.server, *self.proxy.target())
        except OSError:
            return self.abort()
        if self.over:
            return self.server.transport.abort()
        for data in self.client.early:
            self.server.transport.write(data)
        self.client.early = []

    def abort(self):
        self.over = True
        self.proxy.pairs.discard(self)
        for end in (self.client, self.server):
            if end.transport is not None:
                end.transport.abort()


class Proxy:
    """Before one server. `target()` is where it listens."""

    def __init__(self, loop, port, target):
        self._loop = loop
        self.port = port
        self.target = target
        self.pairs = set()
        self.held = set()
        self.refuses = False
        self._tasks = set()

    @property
    def hosts(self):
        return f"127.0.0.1:{self.port}"

    async def listen(self):
        self.listener = await self._loop.create_server(self._accept, "127.0.0.1", self.port)

    def _accept(self):
        pair = _Pair(self)
        if self.refuses:
            self._loop.call_soon(pair.abort)
        else:
            task = self._loop.create_task(pair.connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return pair.client

    def cut(self):
        """Breaks its connections and refuses new ones."""
        self._call(self._cut)

    def break_connections(self):
        """Breaks its connections; new ones are welcome."""
        self._call(self._break)

    def hold(self, *directions):
        """What goes "up" to the server or "down" to the client stays on the way."""
        self._call(self._hold, set(directions))

    def pass_all(self):
        self._call(self._pass_all)

    def connections(self):
        return self._call(lambda: len(self.pairs))

    def _cut(self):
        self.refuses = True
        self._break()

    def _break(self):
        for pair in list(self.pairs):
            pair.abort()

    def _hold(self, held):
        self.held = held
        for pair in self.pairs:
            pair.client.hold("up" in held)
            pair.server.hold("down" in held)

    def _pass_all(self):
        self.refuses = False
        self._hold(set())

    def _call(self, function, *arguments):
        async def call():
            return function(*arguments)
        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(60)


class Proxies:
    """One before each server of an ensemble; by the server's id."""

    def __init__(self, ensemble):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        ports = Ports()
        self._all = {server.id: Proxy(self._loop, ports.take(), lambda s=server: s.address) for server in ensemble.servers}

    def __enter__(self):
        self._thread.start()
        for proxy in self:
            asyncio.run_coroutine_threadsafe(proxy.listen(), self._loop).result(60)
        return self

    def __exit__(self, *_):
        for proxy in self:
            proxy.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __getitem__(self, server_id):
        return self._all[server_id]

    def __iter__(self):
        return iter(self._all.values())

    @property
    def hosts(self):
        return ",".join(proxy.hosts for proxy in self)

    def pass_all(self):
        for proxy in self:
            proxy.pass_all()
