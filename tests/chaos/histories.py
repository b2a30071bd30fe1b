"""Real servers are hurt in several ways at once while clients record what they ask and are told; two checkers judge the record.

    python3 -m chaos.histories --seconds 60 --servers 5      from tests/; scripts/bench histories builds what it needs
    python3 -m chaos.histories --list                        the blows

At any time two or three of the blows of chaos/blows.py are under way. At the end all is healed, every znode is read on every server,
no ephemeral znode is left, and each server's data is verified: all hold the same state.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

from chaos.battered import Battered
from chaos.blows import BLOWS, EXIT_DISK_FAILED, counts
from interop.cluster import EXIT_BAD_START, eventually, program
from support.network import Network, available
from support.small_disk import SKIPPED, may_mount

TICK_MS = 250
SESSION_MS = 4000
PADDING_BYTES = 2000  # of each value: a segment of the log fills within ten seconds or so
MOST_HEAVY = 0.4      # the part of the draws in which a quorum may well be gone


class World:
    def __init__(self, network, ensemble, chance):
        self.network, self.ensemble, self.chance = network, ensemble, chance
        self.taken = set()    # servers that do not run, or as good as
        self.full = set()     # whose disk is
        self.may_end = set()  # by themselves, since their disk failed them
        self.wiped = None     # and not known to be repaired
        self.cut = collections.Counter()
        self.counts = collections.Counter()
        self.overlapping = 0.0  # seconds with at least two blows under way
        self.under_way = []     # (when it ends, row, blow)

    def free_servers(self):
        return [server for server in self.ensemble.servers if server not in self.taken]

    def minority(self):
        return (len(self.ensemble.servers) - 1) // 2

    def take_server(self):
        """One to kill or stop; seldom a majority of them, and none while one that was wiped is not repaired."""
        if self.wiped is not None:
            if not counts(self.wiped):
                return None
            self.wiped = None
        most = self.minority() + (self.chance.random() < MOST_HEAVY)
        if len(self.taken) >= most:
            return None
        free = [server for server in self.free_servers() if server.running()]
        if not free:
            return None
        server = self.leader(free) or self.chance.choice(free)
        self.taken.add(server)
        return server

    def give_back(self, server):
        """It runs again, or will when its disk is well."""
        self.taken.discard(server)
        self.tend()

    def leader(self, among):
        """In half of the cases, if it says so at once."""
        if self.chance.random() < 0.5:
            return None
        return next((server for server in among if "Mode: leader" in server.four_letters("srvr", 0.2)), None)

    def leader_or_any(self):
        return self.leader(self.free_servers()) or self.chance.choice(self.ensemble.servers)

    def block(self, pair):
        self.cut[pair] += 1
        self.network.block(*pair)

    def unblock(self, pair):
        self.cut[pair] -= 1
        if self.cut[pair] == 0:
            self.network.unblock(*pair)

    def tend(self):
        """Starts what nobody holds back. A server that ended by itself had a bad disk, and said so by its status."""
        for server in self.free_servers():
            if server.running():
                continue
            status = server.process.returncode
            expected = status == -signal.SIGKILL or server in self.may_end and status in (EXIT_DISK_FAILED, EXIT_BAD_START)
            assert expected, f"{server} ended with status {status}"
            if server not in self.full:
                server.start()

    def run(self, seconds):
        end = time.monotonic() + seconds
        before = time.monotonic()
        while (now := time.monotonic()) < end:
            if len(self.under_way) >= 2:
                self.overlapping += now - before
            before = now
            over = [item for item in self.under_way if item[0] <= now]
            while len(self.under_way) - len(over) < 2:
                self.strike()
            for item in over:
                self.under_way.remove(item)
                item[2].end()
            self.tend()
            if len(self.under_way) == 2 and self.chance.random() < 0.05:
                self.strike()
            time.sleep(0.05)
        for _, _, blow in self.under_way:
            blow.end()
        self.network.heal()
        self.tend()

    def strike(self):
        heavy = sum(row.heavy for _, row, _ in self.under_way)
        rows = [row for row in BLOWS if not row.heavy or heavy < self.minority() or self.chance.random() < MOST_HEAVY]
        row = self.chance.choices(rows, [row.weight for row in rows])[0]
        blow = row.blow(self)
        whom = blow.begin()
        if whom is None:
            return
        self.counts[row.name] += 1
        self.under_way.append((time.monotonic() + self.chance.uniform(*blow.seconds), row, blow))


def monitored(server, key):
    found = re.search(rf"^zk_{key}\t(-?\d+)$", server.four_letters("mntr"), re.M)
    return int(found[1]) if found else None


def agreed(ensemble):
    """Whether each server has applied the same entries, and a majority's digests were the same after the last of them."""
    applied = {found and int(found[1], 16) for found in
               (re.search(r"^Zxid: 0x([0-9a-f]+)$", server.four_letters("srvr"), re.M) for server in ensemble.servers)}
    confirmed = {monitored(server, "last_confirmed_digest_zxid") for server in ensemble.servers}
    return len(applied) == 1 and None not in applied and confirmed == applied


def verify(ensemble):
    """When no client is there any more: nothing of a session is left, and all servers hold the same state, on their disks too."""
    for server in ensemble.servers:
        eventually(lambda s=server: monitored(s, "global_sessions") == 0, f"all sessions are over on {server}")
        left = monitored(server, "ephemerals_count")
        assert left == 0, f"{server} holds {left} ephemeral znodes, and no session"
    eventually(lambda: agreed(ensemble), "all servers agree on their state")
    for server in ensemble.servers:  # at once: those that are left would elect, and begin another epoch
        server.kill_now()
    states = {}
    for server in ensemble.servers:
        server.wait()
        verified = subprocess.run([program("muster"), "data", "verify", str(server.data)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
        assert verified.returncode == 0, f"the data of {server} are damaged:\n{verified.stdout}"
        states[server.id] = re.search(r"^state at .*", verified.stdout, re.M)[0]
    assert len(set(states.values())) == 1, f"the servers hold different states: {states}"
    return states[1]


def judge(arguments, chance, ensemble, network):
    history = pathlib.Path(arguments.keep or ensemble.dir / "history")
    load = subprocess.Popen([program("history-load"), ensemble.client_hosts, str(history), "--session-timeout-ms", str(SESSION_MS),
                             "--rate", str(arguments.rate), "--padding", str(PADDING_BYTES)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert load.stdout.readline() == "recording\n", "history-load did not start"
        world = World(network, ensemble, chance)
        started = time.monotonic()
        world.run(arguments.seconds)
        seconds = time.monotonic() - started
        ensemble.wait_voting()
        output, _ = load.communicate(timeout=120)
    finally:
        load.kill()
    if load.returncode != 0:
        for server in ensemble.servers:
            print(f"--- {server}\n{server.four_letters('mntr')}{server.four_letters('cons')}", file=sys.stderr)
    assert load.returncode == 0, f"history-load ended with {load.returncode}"
    figures = json.loads(output.splitlines()[-1])
    torn, changed = ensemble.counts()
    state = verify(ensemble)
    judged = subprocess.run([program("check-history"), str(history)], stdout=subprocess.PIPE, text=True, check=False)
    print(judged.stdout, end="")
    print(f"{figures['operations']:,} operations, {figures['operations'] / seconds:,.0f} a second, {figures['unknown']} of unknown "
          f"outcome, {figures['sessions']} sessions, {figures['ephemerals']} ephemeral znodes")
    print(f"two or more blows at once for {world.overlapping:.1f} of {seconds:.1f} s: "
          + ", ".join(f"{count} {name}" for name, count in sorted(world.counts.items()))
          + f"; {torn} connections torn, {changed} bytes changed")
    print(f"all servers: {state}")
    print("passed: 0 anomalies" if judged.returncode == 0 else "FAILED")
    assert judged.returncode == 0, "the history shows what must not be"


def run(arguments):
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)
    print(f"{arguments.servers} servers, {arguments.seconds} s, --seed {seed}", flush=True)
    muster = {"tick_ms": TICK_MS, "checkpoint": "{entries: 20000}"}
    with Network() as network, Battered(network, arguments.servers, seed, muster=muster) as ensemble:
        judge(arguments, random.Random(seed), ensemble, network)


def main():
    parser = argparse.ArgumentParser(prog="chaos.histories", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of chaos (default 60)")
    parser.add_argument("--servers", type=int, default=3, help="(default 3)")
    parser.add_argument("--rate", type=int, default=6000, help="of operations a second, at most (default 6000)")
    parser.add_argument("--seed", type=int, help="of the order of the blows")
    parser.add_argument("--keep", help="write the history to this file")
    parser.add_argument("--list", action="store_true", help="say what the blows are, and nothing else")
    arguments = parser.parse_args()
    if arguments.list:
        for row in BLOWS:
            print(f"{row.name:17} {row.does}; then {row.ends}")
        return
    if not available() or not may_mount():
        print("skipped: network namespaces and mounts need root and the commands ip, nsenter and unshare (packages iproute2, util-linux)")
        sys.exit(SKIPPED)
    run(arguments)


if __name__ == "__main__":
    main()
