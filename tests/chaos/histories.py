"""Real servers are hurt in several ways at once while clients record what they ask and are told; two checkers judge the record.

    python3 -m chaos.histories --seconds 60 --servers 5      from tests/; scripts/bench histories builds what it needs

Each server lives in a network namespace. Two or three of these are under way at any time: a server killed and started again; a
server stopped; a server cut off, in one direction or both; the servers parted in halves; the clients cut off from a server; the
data of a server wiped. At the end all is healed, every znode is read on every server, and each server's data is verified.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import time

from interop.cluster import program
from support.network import HUB, Network, NetworkedEnsemble, available

TICK_MS = 250
SESSION_MS = 4000


def counts(server):
    """Whether it is a voter that knows all it should. (One that does not serve says nothing of its vote.)"""
    return server.running() and server.mode() and server.votes()


class Blow:
    """One way to hurt the ensemble. begin() says what it does, or None if it can't now; end() undoes it."""

    def __init__(self, world):
        self.world = world

    def begin(self):
        raise NotImplementedError

    def end(self):
        pass


class Kill(Blow):
    def begin(self):
        self.server = self.world.take_server()
        if self.server is None:
            return None
        self.server.kill()
        return f"kill {self.server.id}"

    def end(self):
        self.server.start()
        self.world.give_back(self.server)


class Wipe(Kill):
    """Only while all others vote: a server that lost its disk counts for nothing until it is repaired."""

    def begin(self):
        if self.world.taken or not all(counts(server) for server in self.world.ensemble.servers):
            return None
        said = super().begin()
        if said:
            self.server.wipe()
            self.world.wiped = self.server
            return f"wipe {self.server.id}"
        return None


class Stop(Blow):
    def begin(self):
        self.server = self.world.take_server()
        if self.server is None:
            return None
        self.server.stop()
        return f"stop {self.server.id}"

    def end(self):
        self.server.cont()
        self.world.give_back(self.server)


class Cut(Blow):
    """The network. Blows of this kind may overlap: what is cut twice is healed when the first of them ends."""

    def pairs(self):
        raise NotImplementedError

    def begin(self):
        name, self.cut = self.pairs()
        for pair in self.cut:
            self.world.network.block(*pair)
        return name

    def end(self):
        for pair in self.cut:
            self.world.network.unblock(*pair)


class Isolate(Cut):
    def pairs(self):
        one = self.world.leader_or_any().id
        others = [server.id for server in self.world.ensemble.servers if server.id != one]
        return f"isolate {one}", [(one, other) for other in others] + [(other, one) for other in others]


class Deafen(Cut):
    """One direction only: it hears nobody, or nobody hears it."""

    def pairs(self):
        one = self.world.leader_or_any().id
        others = [server.id for server in self.world.ensemble.servers if server.id != one]
        if self.world.rng.random() < 0.5:
            return f"deafen {one}", [(other, one) for other in others]
        return f"mute {one}", [(one, other) for other in others]


class Halves(Cut):
    def pairs(self):
        ids = [server.id for server in self.world.ensemble.servers]
        self.world.rng.shuffle(ids)
        middle = len(ids) // 2
        return (f"part {ids[:middle]} from {ids[middle:]}",
                [pair for a in ids[:middle] for b in ids[middle:] for pair in ((a, b), (b, a))])


class LoseClients(Cut):
    def pairs(self):
        one = self.world.rng.choice(self.world.ensemble.servers).id
        return f"lose the clients of {one}", [(one, HUB)]


BLOWS = [Kill, Kill, Stop, Isolate, Deafen, Halves, LoseClients, Wipe]


class World:
    def __init__(self, network, ensemble, rng):
        self.network, self.ensemble, self.rng = network, ensemble, rng
        self.taken = set()
        self.wiped = None
        self.counts = {}
        self.overlapping = 0.0  # seconds with at least two blows under way

    def free_servers(self):
        return [server for server in self.ensemble.servers if server not in self.taken]

    def take_server(self):
        """One to kill or stop; never a majority of them, and none while one that was wiped is not repaired."""
        if self.wiped is not None:
            if not counts(self.wiped):
                return None
            self.wiped = None
        if len(self.taken) >= (len(self.ensemble.servers) - 1) // 2:
            return None
        leader = self.ensemble.leader(self.free_servers()) if self.rng.random() < 0.5 else None
        server = leader or self.rng.choice(self.free_servers())
        self.taken.add(server)
        return server

    def give_back(self, server):
        self.taken.discard(server)

    def leader_or_any(self):
        leader = self.ensemble.leader(self.free_servers()) if self.rng.random() < 0.5 else None
        return leader or self.rng.choice(self.ensemble.servers)

    def run(self, seconds):
        under_way = []  # (when it ends, blow)
        end = time.monotonic() + seconds
        calm_until = 0.0
        while (now := time.monotonic()) < end:
            for item in [item for item in under_way if item[0] <= now]:
                item[1].end()
                under_way.remove(item)
            if not under_way and self.rng.random() < 0.3:
                calm_until = now + self.rng.uniform(0.5, 1.5)  # or nothing would ever be done
            if now >= calm_until and len(under_way) < 3:
                blow = self.rng.choice(BLOWS)(self)
                said = blow.begin()
                if said:
                    self.counts[type(blow).__name__.lower()] = self.counts.get(type(blow).__name__.lower(), 0) + 1
                    under_way.append((now + self.rng.uniform(0.5, 3), blow))
            time.sleep(0.2)
            if len(under_way) >= 2:
                self.overlapping += time.monotonic() - now
        for _, blow in under_way:
            blow.end()
        self.network.heal()


def run(arguments):
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)
    print(f"{arguments.servers} servers, {arguments.seconds} s, --seed {seed}", flush=True)
    muster = {"tick_ms": TICK_MS, "checkpoint": "{entries: 20000}"}
    with Network() as network, NetworkedEnsemble(network, arguments.servers, muster=muster) as ensemble:
        history = pathlib.Path(arguments.keep or ensemble.dir / "history")
        load = subprocess.Popen([program("history-load"), ensemble.hosts, str(history), "--session-timeout-ms", str(SESSION_MS),
                                 "--rate", str(arguments.rate)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert load.stdout.readline() == "recording\n", "history-load did not start"
            world = World(network, ensemble, random.Random(seed))
            started = time.monotonic()
            world.run(arguments.seconds)
            seconds = time.monotonic() - started
            ensemble.wait_voting()
            output, _ = load.communicate(timeout=120)
        finally:
            load.kill()
        assert load.returncode == 0, f"history-load ended with {load.returncode}"
        figures = json.loads(output.splitlines()[-1])
        for server in ensemble.servers:
            server.terminate()
            verified = subprocess.run([program("muster"), "data", "verify", str(server.data)], stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, check=False)
            assert verified.returncode == 0, f"the data of {server} are damaged:\n{verified.stdout}"
        judged = subprocess.run([program("check-history"), str(history)], stdout=subprocess.PIPE, text=True, check=False)
        print(judged.stdout, end="")
        print(f"{figures['operations']:,} operations, {figures['operations'] / seconds:,.0f} a second, {figures['unknown']} of unknown "
              f"outcome, {figures['sessions']} sessions; two or more blows at once for {world.overlapping:.0f} of {seconds:.0f} s: "
              + ", ".join(f"{count} {what}" for what, count in sorted(world.counts.items())))
        print("passed: 0 anomalies" if judged.returncode == 0 else "FAILED")
        assert judged.returncode == 0, "the history shows what must not be"


def main():
    parser = argparse.ArgumentParser(prog="chaos.histories", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of chaos (default 60)")
    parser.add_argument("--servers", type=int, default=3, help="(default 3)")
    parser.add_argument("--rate", type=int, default=6000, help="of operations a second, at most (default 6000)")
    parser.add_argument("--seed", type=int, help="of the order of the blows")
    parser.add_argument("--keep", help="write the history to this file")
    arguments = parser.parse_args()
    if not available():
        print("skipped: network namespaces need root and the commands ip, nsenter and unshare (packages iproute2, util-linux)")
        sys.exit(77)
    run(arguments)


if __name__ == "__main__":
    main()
