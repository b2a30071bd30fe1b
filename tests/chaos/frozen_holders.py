"""Holders of a lock that are frozen (SIGSTOP) for longer than their session, while another one takes it, and then go on writing.

    python3 -m chaos.frozen_holders --rounds 100            from tests/

What they write is fenced in both ways that the recipes offer: a guarded transaction, and a resource outside (this program) that refuses
a token lower than the highest that it has seen. No stale write may be accepted by either, though the frozen ones try.
"""

import argparse
import signal
import subprocess
import sys
import threading

from interop.cluster import Ensemble, die_with_parent, eventually, program
from kazoo.client import KazooClient

SESSION_MS = 1000


class Resource:
    """Takes requests with tokens."""

    def __init__(self):
        self.lock = threading.Lock()
        self.highest = 0
        self.accepted = self.refused = 0

    def request(self, token):
        with self.lock:
            if token < self.highest:
                self.refused += 1
            else:
                self.highest = token
                self.accepted += 1


class Holder:
    def __init__(self, servers, path, resource):
        self.resource = resource
        self.token = None  # while it believes that it holds
        self.lost = 0
        self.writes = []   # (zxid, token)
        self.process = subprocess.Popen([program("lock-contender"), "fence", servers, str(SESSION_MS), path], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "holds":
                self.token = int(words[1])
            elif words[0] == "out":
                self.resource.request(int(words[1]))
            elif words[0] == "in" and len(words) == 3:
                self.writes.append((int(words[2]), int(words[1])))
            elif words[0] == "lost":
                self.token = None
                self.lost += 1

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


class Pair(threading.Thread):
    """Two that take one lock from each other."""

    def __init__(self, servers, path, rounds):
        super().__init__()
        self.resource = Resource()
        self.holders = [Holder(servers, path, self.resource) for _ in range(2)]
        self.rounds, self.done, self.failure = rounds, 0, None

    def run(self):
        try:
            for _ in range(self.rounds):
                self.round()
                self.done += 1
        except AssertionError as failure:
            self.failure = str(failure)
        finally:
            for holder in self.holders:
                holder.kill()

    def round(self):
        holder = eventually(lambda: next((h for h in self.holders if h.token is not None), None), "one holds it")
        other = next(h for h in self.holders if h is not holder)
        lost = holder.lost
        holder.process.send_signal(signal.SIGSTOP)
        eventually(lambda: other.token is not None, "the other one takes it")
        holder.process.send_signal(signal.SIGCONT)
        eventually(lambda: holder.lost > lost, "the frozen one knows")

    def stale_writes(self):
        writes = sorted(write for holder in self.holders for write in holder.writes)
        return [after for before, after in zip(writes, writes[1:]) if after[1] < before[1]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=10)
    options = parser.parse_args()
    with Ensemble(3, muster={"tick_ms": 250}, zookeeper={"tickTime": 250}) as ensemble:
        client = KazooClient(ensemble.hosts)
        client.start(60)
        pairs = []
        for number in range(options.pairs):
            client.create(f"/lock-{number}-resource")
            pairs.append(Pair(ensemble.hosts, f"/lock-{number}", -(-options.rounds // options.pairs)))
        for pair in pairs:
            pair.start()
        for pair in pairs:
            pair.join()
        client.stop()
        client.close()
    rounds = sum(pair.done for pair in pairs)
    refused = sum(pair.resource.refused for pair in pairs)
    accepted = sum(pair.resource.accepted for pair in pairs)
    stale = [write for pair in pairs for write in pair.stale_writes()]
    failures = [pair.failure for pair in pairs if pair.failure]
    inside = sum(len(holder.writes) for pair in pairs for holder in pair.holders)
    print(f"{rounds} rounds: {inside} guarded writes, {accepted} requests accepted outside, {refused} stale ones refused")
    for complaint in [*failures, *(f"a stale guarded write was done: {write}" for write in stale)]:
        print(complaint)
    if refused == 0:
        print("no frozen holder has tried to write; so nothing was tested")
    return 1 if failures or stale or refused == 0 or rounds < options.rounds else 0


if __name__ == "__main__":
    sys.exit(main())
