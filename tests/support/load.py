"""Writers that count exactly: what they were told took effect must be there once, and what they were not told must be one
unbroken beginning of what they had sent.

Each writer is a session with a directory of its own and mixes three kinds of write: creates of names never used twice,
compare-and-set of one counter, and unconditional sets of another, whose version counts how often it was set.
"""

import asyncio
import time

from support import raw_client as raw
from support.raw_client import Lost, RawClient, RequestFailed

NAMES_PER_DIRECTORY = 2000


class Writer:
    def __init__(self, load, number, home):
        self.load = load
        self.number = number
        self.home = home      # the server that it prefers
        self.server = None    # the server that it is connected to
        self.client = RawClient(load.timeout_ms)
        self.client.on_closed = self._on_closed
        self.base = f"/load/{number}"
        self.present = set()  # names known to exist
        self.absent = set()   # names that were sent, lost with a connection, and found not to exist
        self.cas = 0          # version of the compare-and-set counter, all in flight counted
        self.cas_acknowledged = 0
        self.blind_acknowledged = 0
        self.next_name = 0
        self.turn = 0
        self.sent = 0         # writes sent, and
        self.finished = 0     # those of them that were answered or lost with their connection
        self.unknown = []     # writes lost with the connection, in the order sent: ("create", name), ("cas", n), ("blind", n)
        self.ready = False    # connected, everything lost before is settled
        self.leaving = False  # it drops its connection itself
        self.task = None      # while it comes back

    def __repr__(self):
        return f"writer {self.number}"

    async def open(self):
        await self._connect(first=self.home)
        for path in (self.base, f"{self.base}/cas", f"{self.base}/blind"):
            await self.client.call(raw.create(path))
        await self._ensure_directory()
        self.ready = True

    # Sending

    def write(self):
        """Sends the next write. Requires ready."""
        self.turn += 1
        self.sent += 1
        if self.turn % 3 == 0:
            expected = self.cas
            self.cas += 1
            self.client.submit(raw.set_data(f"{self.base}/cas", b"%d" % self.cas, expected),
                               lambda code, body: self._on_cas(expected + 1, code, body))
        elif self.turn % 3 == 1:
            self.client.submit(raw.set_data(f"{self.base}/blind", b"x" * 100),
                               lambda code, body: self._on_blind(code, body))
        else:
            name = self.next_name
            self.next_name += 1
            if name % NAMES_PER_DIRECTORY == 0 and name:
                self._create_directory(name)
            self.client.submit(raw.create(self.path(name), b"y" * 100), lambda code, _: self._on_create(name, code))

    def path(self, name):
        return f"{self.base}/{name // NAMES_PER_DIRECTORY}/{name}"

    def _create_directory(self, name):
        def created(code, _):
            if code not in (None, raw.OK, raw.NODE_EXISTS):
                self.load.violation(f"{self}: creation of a directory answered {code}")
        self.client.submit(raw.create(f"{self.base}/{name // NAMES_PER_DIRECTORY}"), created)

    # Answers

    def _on_create(self, name, code):
        self.finished += 1
        if code is None:
            self.unknown.append(("create", name))
        elif code == raw.OK:
            self.present.add(name)
            self._acknowledged()
        else:
            self.load.violation(f"{self}: create of {self.path(name)}, sent once, answered {code}")

    def _on_cas(self, version, code, body):
        self.finished += 1
        if code is None:
            self.unknown.append(("cas", version))
        elif code == raw.OK:
            self.cas_acknowledged = version
            found = raw.decode(raw.SET_DATA, body).version
            if found != version:
                self.load.violation(f"{self}: compare-and-set to {version} answered version {found}")
            self._acknowledged()
        else:
            self.load.violation(f"{self}: compare-and-set to {version} answered {code}")

    def _on_blind(self, code, body):
        self.finished += 1
        if code is None:
            self.unknown.append(("blind", None))
        elif code == raw.OK:
            self.blind_acknowledged += 1
            found = raw.decode(raw.SET_DATA, body).version
            if found != self.blind_acknowledged:
                self.load.violation(f"{self}: set number {self.blind_acknowledged} answered version {found}")
                self.blind_acknowledged = found
            self._acknowledged()
        else:
            self.load.violation(f"{self}: set answered {code}")

    def _acknowledged(self):
        self.load.acknowledged.append(time.monotonic())

    # Moving

    def _on_closed(self):
        self.ready = False
        if self.load.closing:
            return
        if self.server not in self.load.excused and not self.leaving:
            self.load.closed_by_survivor += 1
            if self.load.survivors_stay:
                self.load.violation(f"{self}: {self.server}, which survived, closed the connection")
        self.leaving = False
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self._come_back())

    def move(self):
        """Leaves the connection with its writes in flight and goes home."""
        self.leaving = True
        self.ready = False
        self.client.drop()

    async def _connect(self, first=None):
        servers = self.load.servers
        at = servers.index(first or self.home)
        for attempt in range(10000):
            self.server = servers[(at + attempt) % len(servers)]
            try:
                await self.client.connect(self.server.address, seconds=3)
                return
            except (OSError, Lost):
                await asyncio.sleep(0.02)
        raise AssertionError(f"{self}: no server takes the session")

    async def _come_back(self):
        """Connects again and settles what became of the writes that were lost with the connection."""
        try:
            while not self.client.connected:
                try:
                    await self._connect()
                    await self.client.call(raw.sync())
                    await self._settle()
                    await self._ensure_directory()
                except Lost:
                    continue
            self.ready = True
        except Exception as failure:  # the session is gone, or an answer that can't be
            self.load.violation(f"{self}: can't come back: {failure!r}")
        finally:
            self.task = None

    async def _ensure_directory(self):
        try:
            await self.client.call(raw.create(f"{self.base}/{self.next_name // NAMES_PER_DIRECTORY}"))
        except RequestFailed as failure:
            if failure.code != raw.NODE_EXISTS:
                raise

    async def _settle(self):
        cas = (await self.client.call(raw.exists(f"{self.base}/cas"))).version
        blind = (await self.client.call(raw.exists(f"{self.base}/blind"))).version
        sets = blind - self.blind_acknowledged  # this many unconditional sets took effect unseen
        applied = []
        for kind, number in self.unknown:
            if kind == "create":
                try:
                    await self.client.call(raw.exists(self.path(number)))
                    applied.append(True)
                except RequestFailed as failure:
                    if failure.code != raw.NO_NODE:
                        raise
                    applied.append(False)
            elif kind == "cas":
                applied.append(number <= cas)
            else:
                applied.append(sets > 0)
                sets -= sets > 0
        # Nothing below waits, so that a connection lost above leaves everything to be asked again.
        if False in applied and True in applied[applied.index(False):]:
            self.load.violation(f"{self}: of the writes lost with the connection, a later one took effect and an earlier one "
                                f"did not: {list(zip(self.unknown, applied))}")
        if sets:
            self.load.violation(f"{self}: version {blind} after {self.blind_acknowledged} acknowledged and "
                                f"{sum(kind == 'blind' for kind, _ in self.unknown)} lost sets")
        if cas < self.cas_acknowledged:
            self.load.violation(f"{self}: compare-and-set counter at {cas}, acknowledged {self.cas_acknowledged}")
        for (kind, number), took_effect in zip(self.unknown, applied):
            if kind == "create":
                (self.present if took_effect else self.absent).add(number)
        self.load.settled += len(self.unknown)
        self.load.settled_applied += sum(applied)
        self.unknown = []
        self.cas = self.cas_acknowledged = cas
        self.blind_acknowledged = blind


class Load:
    """Writers spread over the servers, together held to a rate. All times are time.monotonic()."""

    def __init__(self, servers, writers=12, rate=3000, window=64, timeout_ms=30000, survivors_stay=True):
        self.servers = list(servers)
        self.timeout_ms = timeout_ms
        self.rate = rate
        self.window = window
        self.survivors_stay = survivors_stay  # a server that goes on must not close a connection
        self.acknowledged = []                # when each acknowledged write was answered
        self.violations = []
        self.excused = set()                  # servers that are being hurt: their clients may lose the connection
        self.closed_by_survivor = 0
        self.settled = 0                      # writes whose answer was lost, and
        self.settled_applied = 0              # how many of them had taken effect
        self.closing = False
        self.writers = [Writer(self, number, self.servers[number % len(self.servers)]) for number in range(writers)]
        self._pacer = None

    def violation(self, text):
        if len(self.violations) < 100:
            print(f"VIOLATION {text[:2000]}", flush=True)
        self.violations.append(text)

    async def open(self):
        client = RawClient(self.timeout_ms)
        await client.connect(self.servers[0].address)
        await client.call(raw.create("/load"))
        await client.close()
        for writer in self.writers:
            await writer.open()
        self._pacer = asyncio.get_running_loop().create_task(self._pace())

    async def _pace(self):
        last, budget, at = time.monotonic(), 0.0, 0
        while True:
            await asyncio.sleep(0.003)
            now = time.monotonic()
            budget = min(budget + self.rate * (now - last), self.rate * 0.03)
            last = now
            free = [w for w in self.writers if w.ready and w.client.in_flight < self.window]
            while budget >= 1 and free:
                writer = free[at % len(free)]
                at += 1
                writer.write()
                budget -= 1
                if writer.client.in_flight >= self.window:
                    free.remove(writer)

    async def stop(self):
        """Stops sending and waits until every writer has its answers."""
        self._pacer.cancel()
        await self.until(lambda: all(w.ready and w.client.in_flight == 0 for w in self.writers),
                         "every write in flight is answered")

    async def until(self, condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}")
            await asyncio.sleep(0.01)

    def go_home(self):
        """Writers that are connected elsewhere move to their own server."""
        for writer in self.writers:
            if writer.ready and writer.server is not writer.home:
                writer.move()

    async def verify(self):
        """Compares what each server holds with what was acknowledged. Requires stop()."""
        for server in self.servers:
            client = RawClient(self.timeout_ms)
            await client.connect(server.address)
            await client.call(raw.sync())
            for writer in self.writers:
                await self._verify_writer(client, server, writer)
            await client.close()

    async def _verify_writer(self, client, server, writer):
        found = set()
        for directory in await client.call(raw.get_children(writer.base)):
            if directory not in ("cas", "blind"):
                found.update(map(int, await client.call(raw.get_children(f"{writer.base}/{directory}"))))
        if lost := writer.present - found:
            self.violation(f"{server} lost {len(lost)} acknowledged creates of {writer}: {sorted(lost)[:5]} …")
        if late := found & writer.absent:
            self.violation(f"{server} holds creates of {writer} that took effect after their session had moved: {sorted(late)[:5]} …")
        if extra := found - writer.present - writer.absent:
            self.violation(f"{server} holds names that {writer} never made: {sorted(extra)[:5]} …")
        data, stat = await client.call(raw.get_data(f"{writer.base}/cas"))
        if stat.version != writer.cas or (writer.cas and data != b"%d" % writer.cas):
            self.violation(f"{server}: compare-and-set counter of {writer} is {data!r} at version {stat.version}, should be {writer.cas}")
        blind = (await client.call(raw.exists(f"{writer.base}/blind"))).version
        if blind != writer.blind_acknowledged:
            self.violation(f"{server}: {writer} set {writer.blind_acknowledged} times, its version is {blind}")

    async def close(self):
        self.closing = True
        for writer in self.writers:
            await writer.client.close()
