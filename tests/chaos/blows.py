"""What real servers are hurt with: BLOWS is the table. Each may overlap with any other.

Safety is owed whatever happens but for one thing: the data of a server may be lost only while all others hold all of it. The rest of
what a blow asks before it begins is there so that something gets done between the blows."""

import collections

from support.network import HUB

EXIT_DISK_FAILED = 3
HOUR_MS = 3_600_000
MUCH_BYTES = 200_000  # of the log: what comes after so many says that they were synced


def counts(server):
    """Whether it is a voter that knows all it should. (One that does not serve says nothing of its vote.)"""
    return server.running() and server.mode() and server.votes()


class Blow:
    """One way to hurt the ensemble. begin() says whom, or None if it can't now; end() undoes it."""
    seconds = (0.5, 3)

    def __init__(self, world):
        self.world, self.ensemble, self.chance = world, world.ensemble, world.chance

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass


class OfServer(Blow):
    """Takes one server away from the others, and gives it back."""

    def begin(self):
        self.server = self.world.take_server()
        if self.server is None:
            return None
        self.hurt()
        return str(self.server.id)

    def hurt(self):
        self.server.kill()

    def end(self):
        self.world.give_back(self.server)


class Kill(OfServer):
    pass


class Stop(OfServer):
    def hurt(self):
        self.server.stop()

    def end(self):
        self.server.cont()
        super().end()


class PowerCut(OfServer):
    def hurt(self):
        self.ensemble.cut_power([self.server], self.chance)


class PowerCutOfAll(Blow):
    seconds = (0.1, 1)

    def begin(self):
        self.servers = self.world.free_servers()
        self.world.taken.update(self.servers)
        self.ensemble.cut_power(self.servers, self.chance)
        return ", ".join(str(server.id) for server in self.servers)

    def end(self):
        for server in self.servers:
            self.world.give_back(server)


class Wipe(OfServer):
    """Only while all others vote: a server that lost its disk counts for nothing until it is repaired."""

    def begin(self):
        if self.world.taken or not all(counts(server) for server in self.ensemble.servers):
            return None
        said = super().begin()
        if said:
            self.world.wiped = self.server
        return said

    def hurt(self):
        self.server.kill()
        self.server.wipe()


class Rot(Wipe):
    """In the middle of what the oldest segment holds: it was synced long ago, and all know that it was."""

    def hurt(self):
        self.server.kill()
        segment = min(self.server.data.glob("log-*"))
        contents = bytearray(segment.read_bytes())
        middle = len(contents.rstrip(b"\0")) // 2
        if middle > MUCH_BYTES:
            contents[middle] ^= 1 << self.chance.randrange(8)
            segment.write_bytes(contents)


class HangDisk(OfServer):
    @property
    def seconds(self):
        return (1, min(30, 1 + self.chance.expovariate(1 / 4)))

    def hurt(self):
        self.ensemble.faults[self.server].set(hang=1)

    def end(self):
        self.ensemble.faults[self.server].set(hang=0)
        super().end()


class FailDisk(OfServer):
    """What the failed sync left is there after it, or is not."""

    def hurt(self):
        self.world.may_end.add(self.server)
        self.ensemble.faults[self.server].set(fail=1)

    def end(self):
        self.ensemble.faults[self.server].set(fail=0)
        if not self.server.running() and self.chance.random() < 0.5:
            self.ensemble.lose_unsynced(self.server, self.chance)
        super().end()


class FillDisk(Blow):
    seconds = (3, 10)

    def begin(self):
        free = [server for server in self.ensemble.servers if server not in self.world.full]
        all_of_them = self.chance.random() < 0.2
        self.servers = free if all_of_them else [self.chance.choice(free)] if free else []
        for server in self.servers:
            self.world.full.add(server)
            self.world.may_end.add(server)
            self.ensemble.fill(server)
        return ", ".join(str(server.id) for server in self.servers) or None

    def end(self):
        for server in self.servers:
            self.ensemble.empty(server)
            self.world.full.discard(server)


class JumpClock(Blow):
    seconds = (1, 8)

    def begin(self):
        self.server = self.world.leader_or_any()
        jump = self.chance.choice((-HOUR_MS, HOUR_MS))
        self.ensemble.faults[self.server].set(clock_ms=jump)
        return f"{self.server.id} by {jump // 1000:+} s"

    def end(self):
        self.ensemble.faults[self.server].set(clock_ms=0)


class Cut(Blow):
    """The network. Blows of this kind may overlap: what is cut twice is healed when the last of them ends."""

    def pairs(self):
        raise NotImplementedError

    def begin(self):
        name, self.cut = self.pairs()
        for pair in self.cut:
            self.world.block(pair)
        return name

    def end(self):
        for pair in self.cut:
            self.world.unblock(pair)

    def one_and_others(self):
        one = self.world.leader_or_any()
        return one.id, [server.id for server in self.ensemble.servers if server is not one]


class Isolate(Cut):
    def pairs(self):
        one, others = self.one_and_others()
        return str(one), [(one, other) for other in others] + [(other, one) for other in others]


class Deafen(Cut):
    def pairs(self):
        one, others = self.one_and_others()
        return str(one), [(other, one) for other in others]


class Mute(Cut):
    def pairs(self):
        one, others = self.one_and_others()
        return str(one), [(one, other) for other in others]


class Part(Cut):
    def pairs(self):
        ids = [server.id for server in self.ensemble.servers]
        self.chance.shuffle(ids)
        middle = len(ids) // 2
        return (f"{ids[:middle]} from {ids[middle:]}",
                [pair for a in ids[:middle] for b in ids[middle:] for pair in ((a, b), (b, a))])


class LoseClients(Cut):
    def pairs(self):
        one = self.chance.choice(self.ensemble.servers).id
        return str(one), [(one, HUB)]


class Links(Blow):
    """What passes between a server and the others, or a server and its clients."""

    def how(self):
        raise NotImplementedError

    def links(self, server):
        return self.ensemble.links_of(server)

    def begin(self):
        server = self.world.leader_or_any()
        self.hurt, how = self.links(server), self.how()
        for proxy, name in self.hurt:
            proxy.hurt(name, how)
        return f"{server.id}: {how}"

    def end(self):
        for proxy, name in self.hurt:
            proxy.heal(name)


class OfClients:
    def links(self, server):
        return self.ensemble.client_link_of(server)


class Delay(Links):
    def how(self):
        return f"delay 1 {self.chance.choice((5, 20, 100, 500))}"


class Drip(Links):
    def how(self):
        return f"drip {self.chance.choice((7, 100, 1000))} {self.chance.choice((1, 10, 50))}"


class Tear(Links):
    def how(self):
        return f"tear {self.chance.choice((300, 10_000, 300_000))}"


class Corrupt(Links):
    def how(self):
        return f"corrupt {self.chance.choice((1000, 50_000, 1_000_000))}"


class DelayClients(OfClients, Delay):
    pass


class DripClients(OfClients, Drip):
    pass


class TearClients(OfClients, Tear):
    pass


# What it is called in the report; whether a quorum may be gone while it lasts; how often it is drawn.
Row = collections.namedtuple("Row", "name blow heavy weight does ends")
BLOWS = [
    Row("kill", Kill, True, 2, "SIGKILL", "started again"),
    Row("stop", Stop, True, 1, "SIGSTOP", "SIGCONT"),
    Row("power cut", PowerCut, True, 2, "SIGKILL, and what was not synced is gone: all, a part or nothing of it", "started again"),
    Row("power cut of all", PowerCutOfAll, True, 1, "the same of all servers at once", "started again"),
    Row("wipe", Wipe, True, 1, "SIGKILL, and its data are gone", "started again"),
    Row("rot", Rot, True, 1, "SIGKILL, and a bit in the middle of its log has changed", "started again"),
    Row("hanging disk", HangDisk, True, 2, "syncs do not return", "after 1 to 30 s they do"),
    Row("failing disk", FailDisk, True, 1, "the next sync fails; the server ends; its unsynced writes are there or gone", "started again"),
    Row("full disk", FillDisk, False, 2, "two mebibytes are left: of one server or, now and then, of all", "there is room again"),
    Row("wall clock", JumpClock, False, 2, "jumps by an hour, forwards or back", "jumps back"),
    Row("isolate", Isolate, True, 1, "all between a server and the others is lost", "healed"),
    Row("deafen", Deafen, True, 1, "all that the others send to a server is lost", "healed"),
    Row("mute", Mute, True, 1, "all that a server sends to the others is lost", "healed"),
    Row("part", Part, True, 1, "all between two halves is lost", "healed"),
    Row("lose clients", LoseClients, False, 2, "all that a server sends to clients is lost", "healed"),
    Row("delay", Delay, False, 2, "links between a server and the others: up to 500 ms by chance", "the links are well"),
    Row("drip", Drip, False, 2, "the same links: a few bytes at a time", "the links are well"),
    Row("tear", Tear, False, 2, "the same links: each connection breaks in the middle of a frame, soon", "the links are well"),
    Row("corrupt", Corrupt, False, 2, "the same links: now and then a bit changes", "the links are well"),
    Row("delay clients", DelayClients, False, 1, "links between a server and its clients: up to 500 ms", "the links are well"),
    Row("drip clients", DripClients, False, 1, "the same links: a few bytes at a time", "the links are well"),
    Row("tear clients", TearClients, False, 2, "the same links: each connection breaks in the middle of a frame", "the links are well"),
]
