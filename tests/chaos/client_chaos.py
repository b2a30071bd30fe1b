"""Clients of the C++ library count while servers are killed and connections are cut; every count must be exact.

    python3 -m chaos.client_chaos --seconds 300            from tests/, or: scripts/bench client-chaos
    python3 -m chaos.client_chaos --load recipes-load      the recipes: queues, counters, registry, configuration, caches

build/client-load or build/recipes-load counts and compares (see there). Here its servers are hurt: killed and started again, their connections
broken, refused, or held with answers on the way; all of them at once for less than a session's time-out and for more, so that
sessions survive, and so that they are lost.
"""

import argparse
import json
import random
import subprocess
import sys
import time

from interop.cluster import Ensemble, program
from support.proxy import Proxies

TIMEOUT_MS = 3000
OUTAGE_EVERY_SECONDS = 12  # of all servers; longer than a session in turn with shorter


class Chaos:
    def __init__(self, ensemble, proxies, seconds, rng):
        self.ensemble, self.proxies, self.rng = ensemble, proxies, rng
        self.end = time.monotonic() + seconds
        self.counts = {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def rest(self, low, high):
        time.sleep(max(0, min(self.rng.uniform(low, high), self.end - time.monotonic())))

    def run(self):
        blows = [self.kill, self.kill_two, self.cut, self.break_connections, self.lose_answers]
        next_outage, longer = time.monotonic() + OUTAGE_EVERY_SECONDS / 2, False
        while time.monotonic() < self.end:
            if time.monotonic() >= next_outage:
                self.outage(longer)
                next_outage, longer = time.monotonic() + OUTAGE_EVERY_SECONDS, not longer
            else:
                self.rng.choice(blows)()
            self.rest(0.2, 1.5)

    def kill(self):
        self.count("kills")
        victim = self.rng.choice(self.ensemble.servers)
        victim.kill()
        self.rest(0, 1.5)
        victim.start()
        self.ensemble.wait_voting()

    def kill_two(self):
        """No quorum for a while."""
        self.count("kills of two")
        victims = self.rng.sample(self.ensemble.servers, 2)
        for victim in victims:
            victim.kill()
        self.rest(0, 1)
        for victim in victims:
            victim.start()
        self.ensemble.wait_voting()

    def cut(self):
        self.count("cuts")
        proxy = self.rng.choice(list(self.proxies))
        proxy.cut()
        self.rest(0.1, 2)
        proxy.pass_all()

    def break_connections(self):
        self.count("breaks")
        self.rng.choice(list(self.proxies)).break_connections()

    def lose_answers(self):
        """What was asked is done, and nobody is told."""
        self.count("answers lost")
        proxy = self.rng.choice(list(self.proxies))
        proxy.hold("down")
        self.rest(0.1, 0.5)
        proxy.break_connections()
        proxy.pass_all()

    def outage(self, longer):
        self.count("outages longer than a session" if longer else "outages shorter than a session")
        for proxy in self.proxies:
            proxy.cut()
        time.sleep(TIMEOUT_MS / 1000 * (self.rng.uniform(1.3, 2) if longer else self.rng.uniform(0.1, 0.5)))
        self.proxies.pass_all()


def run(arguments):
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)
    print(f"{arguments.clients} clients, {arguments.seconds} s, --seed {seed}", flush=True)
    with Ensemble(3, kind="muster", muster={"tick_ms": 250}) as ensemble, Proxies(ensemble) as proxies:
        load = subprocess.Popen([program(arguments.load), proxies.hosts, ensemble.hosts, str(arguments.clients), str(TIMEOUT_MS)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert load.stdout.readline() == "counting\n", f"{arguments.load} did not start"
            chaos = Chaos(ensemble, proxies, arguments.seconds, random.Random(seed))
            chaos.run()
            proxies.pass_all()
            output, _ = load.communicate(timeout=300)
        finally:
            load.kill()
        if load.returncode != 0:
            ensemble.print_logs()
    print(output)
    assert load.returncode in (0, 1), f"{arguments.load} ended with {load.returncode}"
    figures = json.loads(output.splitlines()[-1])
    print(", ".join(f"{count:,} {what}" for what, count in [*figures.items(), *sorted(chaos.counts.items())]))
    print(f"{'FAILED' if figures['violations'] else 'passed'}: {figures['violations']} violations")
    return figures["violations"]


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench client-chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=300, help="of chaos (default 300)")
    parser.add_argument("--clients", type=int, default=50, help="(default 50)")
    parser.add_argument("--load", choices=["client-load", "recipes-load"], default="client-load", help="(default client-load)")
    parser.add_argument("--seed", type=int, help="of the order of the blows")
    sys.exit(1 if run(parser.parse_args()) else 0)


if __name__ == "__main__":
    main()
