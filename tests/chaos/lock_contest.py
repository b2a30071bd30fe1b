"""One mutex, wanted by Muster's C++ recipe, kazoo and Curator at once, while contenders and servers are killed.

    python3 -m chaos.lock_contest --seconds 120             from tests/

Never two holders: the times in which it is held, by the machine's one clock, do not overlap. And in their order: the numbers of the
holders' nodes only grow. Each kind must have held it, after the last kill, too.
"""

import argparse
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

from interop.cluster import ROOT, Ensemble, die_with_parent, eventually, program

HERE = pathlib.Path(__file__).resolve().parent
JAVA = pathlib.Path("/usr/share/java")
JARS = ["curator-recipes", "curator-framework", "curator-client", "guava", "zookeeper", "zookeeper-jute", "slf4j-api",
        "slf4j-nop"]
SESSION_MS = 5000
LINE = re.compile(r"([+-]) (\d+)(?: (\d{10}))?$")


def commands(servers, path):
    arguments = [servers, str(SESSION_MS), path]
    classes = ":".join(str(JAVA / f"{jar}.jar") for jar in JARS)
    return {
        "muster": [program("lock-contender"), "contest", *arguments],
        "kazoo": [sys.executable, "-m", "chaos.kazoo_contender", *arguments],
        "curator": ["java", "-XX:TieredStopAtLevel=1", "-cp", classes, str(HERE / "CuratorContender.java"), *arguments],
    }


class Contender:
    def __init__(self, kind, command):
        self.kind, self.command = kind, command
        self.holds = []  # [since, until, number]; until is None if that was not said
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, cwd=ROOT / "tests", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        preexec_fn=die_with_parent)
        self._reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self._reader.start()

    def _read(self, lines):
        for line in lines:
            match = LINE.match(line.rstrip("\n"))
            if not match:
                continue  # a killed one's last line may be cut short
            if match[1] == "+":
                self.holds.append([int(match[2]), None, int(match[3])])
            else:
                self.holds[-1][1] = int(match[2])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


def judge(contenders):
    """Why the contest was not fair, or None."""
    all_holds = sorted((since, until, number, contender.kind) for contender in contenders for since, until, number in
                       ((s, u if u is not None else s, n) for s, u, n in contender.holds))
    for before, after in zip(all_holds, all_holds[1:]):
        if after[0] < before[1]:
            return f"two holders: {before[3]} {before[2]} until {before[1]}, {after[3]} {after[2]} since {after[0]}"
        if after[2] <= before[2]:
            return f"out of order: {after[3]} {after[2]} came after {before[3]} {before[2]}"
    return None


def count(contenders):
    counts = {}
    for contender in contenders:
        counts[contender.kind] = counts.get(contender.kind, 0) + len(contender.holds)
    return counts


def contend(ensemble, contenders, seconds, rng):
    kills = {"contender": 0, "server": 0}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(rng.uniform(0.5, 3))
        for contender in contenders:  # one whose session has ended leaves
            if contender.process.poll() is not None:
                contender.kill()
                contender.start()
        if rng.random() < 0.6:
            victim = rng.choice(contenders)
            victim.kill()
            victim.start()
            kills["contender"] += 1
        else:
            server = rng.choice(ensemble.servers)
            server.kill()
            kills["server"] += 1
            time.sleep(rng.uniform(0, 1))
            server.start()
            ensemble.wait_voting()
    return kills


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    contenders = []
    with Ensemble(3, muster={"tick_ms": 500}, zookeeper={"tickTime": 500}) as ensemble:
        try:
            for kind, command in commands(ensemble.hosts, "/contest").items():
                contenders += [Contender(kind, command) for _ in range(1 if kind == "curator" else 2)]
            eventually(lambda: len(count(contenders)) == 3 and min(count(contenders).values()) > 0, "each kind has held it")
            kills = contend(ensemble, contenders, options.seconds, random.Random(options.seed))
            before = count(contenders)
            eventually(lambda: all(now > before[kind] for kind, now in count(contenders).items()), "each kind holds it at the end")
        finally:
            for contender in contenders:
                contender.kill()
    print(f"held {count(contenders)}, killed {kills}")
    complaint = judge(contenders)
    if complaint:
        print(complaint)
    return 1 if complaint else 0


if __name__ == "__main__":
    sys.exit(main())
