"""The four-letter words: for each word the same lines in the same order and of the same shape as ZooKeeper 3.8 prints them, alone, on a
leader and on a follower. The two are asked side by side; where they may differ, DIFFERENCES says why."""

import re
import socket
import unittest

from interop.cluster import Ensemble, eventually
from interop.golden import wire
from interop.golden.talk import Talk

WORDS = ("ruok", "isro", "srvr", "stat", "conf", "cons", "envi", "dump", "dirs", "wchs", "wchc", "wchp", "mntr", "crst", "srst")
NEVER_HERE = ("gtmk", "stmk", "hash")
MODES = ("standalone", "leader", "follower")
ALL = {"muster": {"four_letter_words": '"*"'}, "zookeeper": {}}

# What stands for the values of a line: its shape is what is left.
VALUES = (
    (r"\d+\.\d+\.\d+-\S*muster\S*|\d+\.\d+\.\d+-\S*, built on .*", "VERSION"),
    (r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d [A-Z]+ \d{4}", "DATE"),
    (r"muster-test-\w+", "TEST"), (r"/?\d+\.\d+\.\d+\.\d+(:\d+)?", "ADDRESS"), (r"0x[0-9a-f]+", "HEX"), (r"(?<![\w.])-?\d+\.\d+(?![\w.])", "DOUBLE"),
    (r"(?<![\w.])-?\d+(?![\w.])", "INT"),
)
# (word, line of ZooKeeper's or None, line of ours or None): shapes that only one of the two prints.
DIFFERENCES = [
    ("conf", "initLimit=INT", None, "no such time-outs: followers are judged by election_timeout_ms"),
    ("conf", "syncLimit=INT", None, "the same"),
    ("conf", "electionAlg=INT", None, "there is one election, and it is not one of ZooKeeper's"),
    ("conf", r"data(Log)?Dir=.*/version-INT", r"data(Log)?Dir=.*/data", "files lie in the directory itself"),
    ("conf", r"server\.\d=ADDRESS:INT:participant", r"server\.\d=ADDRESS:INT:participant;ADDRESS", "where clients connect is known"),
    ("envi", r"host\.name=.*", r"host\.name=.*", "as the system calls the machine, not as a name server does"),
    ("envi", r"java\..*|os\.memory\..*", None, "no Java"),
    ("envi", r"os\.(arch|version)=.*", r"os\.(arch|version)=.*", "as the system calls them, not as Java does"),
    ("mntr", r"zk_non_mtls_(remote|local)_conn_count\tINT", None, "no TLS"),
    ("mntr", r"zk_outstanding_tls_handshake\tINT", None, "no TLS"),
    ("mntr", None, r"zk_last_checkpoint_zxid\tINT", "ours: how far the newest checkpoint reaches"),
    ("mntr", None, r"zk_last_confirmed_digest_zxid\tINT", "ours: up to where a majority is known to hold the same state"),
    ("mntr", None, r"zk_log_has_room\tINT", "ours: 0: no room on the disk for the log's next segment"),
    ("mntr", None, r"zk_log_moves\tINT", "ours: 0: a write to the log has not come back for long"),
    ("mntr", None, r"zk_takes_writes\tINT", "ours: 0: no quorum has room, writes are refused"),
    ("mntr", None, r"zk_votes\tINT", "whether this server counts in a quorum: ours may not, after its disk was wiped"),
]


def shape(line):
    for pattern, name in VALUES:
        line = re.sub(pattern, name, line)
    return line


def comparable(word, text):
    """The lines as shapes, in order; of mntr the gauges (ZooKeeper prints them first, in the order of a hash table) as a set."""
    lines = [shape(line) for line in text.split("\n")]
    if word in ("stat", "cons"):  # in ZooKeeper in the order of a hash table
        clients = sorted(line for line in lines if line.startswith(" "))
        lines = [clients.pop(0) if line.startswith(" ") else line for line in lines]
    if word == "dump":  # how many end when is not the state's but the moment's
        lines = list(dict.fromkeys(lines))
    if word == "mntr":
        lines = [line for line in lines if line]
        counters = [i for i, line in enumerate(lines) if line.startswith("zk_proposal_count")]  # ZooKeeper's first counter
        lines = sorted(lines[:counters[0]] if counters else lines)
    return lines


class Server:
    """A server in a known state: one session with a znode, an ephemeral and watches; one connection without a session."""

    def __init__(self, server):
        self.server = server
        talk = Talk(server.address, "words")
        self.client = talk.client("A")
        base = talk.path()
        self.client.ask(wire.create(base, b"data"), wire.create(base + "-e", flags=1), wire.request("getData", base, True),
                        wire.request("getChildren", base, True))
        self.idle = socket.create_connection(server.address)
        eventually(lambda: self.server.four_letters("stat").count("[1]") == 2, "both connections are known")

    def close(self):
        self.client.hang_up()
        self.idle.close()

    def ask(self, word):
        return self.server.four_letters(word)


class SameAsZooKeeper(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.answers = {}  # (kind, mode, word): text
        for kind in ("muster", "zookeeper"):
            for size in (1, 3):
                with Ensemble(size, kind, **ALL) as ensemble:
                    if size > 1:
                        leader = ensemble.wait_leader()
                        eventually(lambda: "zk_synced_followers\t2" in leader.four_letters("mntr"), "both followers count")
                    for server in [ensemble.wait_leader()] + ([ensemble.wait_follower()] if size > 1 else []):
                        known = Server(server)
                        for word in WORDS:
                            cls.answers[kind, server.mode(), word] = known.ask(word)
                        cls.answers[kind, server.mode(), "cons, reset"] = known.ask("cons")
                        known.close()

    def compare(self, word):
        excused = [(theirs, ours) for in_word, theirs, ours, _ in DIFFERENCES if in_word == word]
        for mode in MODES:
            with self.subTest(mode):
                theirs = comparable(word[:4], self.answers["zookeeper", mode, word])
                ours = comparable(word[:4], self.answers["muster", mode, word])
                theirs = [line for line in theirs if not any(a and re.fullmatch(a, line) for a, _ in excused)]
                ours = [line for line in ours if not any(b and re.fullmatch(b, line) for _, b in excused)]
                self.assertEqual(ours, theirs)

    def test_every_difference_is_needed(self):
        for word, theirs, ours, why in DIFFERENCES:
            for kind, pattern in (("zookeeper", theirs), ("muster", ours)):
                lines = [shape(line) for mode in MODES for line in self.answers[kind, mode, word].split("\n")]
                self.assertTrue(pattern is None or any(re.fullmatch(pattern, line) for line in lines), f"{word} {pattern}: {why}")

    def test_counts_are_those_of_zookeeper(self):
        """Values that the state decides: the same on both."""
        for mode in MODES:
            for word, keys in (("mntr", "ephemerals_count num_alive_connections znode_count watch_count global_sessions local_sessions "
                                        "quorum_size learners synced_followers synced_observers auth_failed_count"),
                               ("wchs", "Total")):
                with self.subTest(mode, word=word):
                    theirs, ours = (dict(re.findall(r"(?:zk_)?(\w+)[\t ].*?(\d+)$", self.answers[kind, mode, word], re.M))
                                    for kind in ("zookeeper", "muster"))
                    theirs["znode_count"] = str(int(theirs.get("znode_count", 1)) - 1)  # it holds the root under two names
                    ours.setdefault("znode_count", "0")
                    for key in keys.split():
                        self.assertEqual(ours.get(key), theirs.get(key), key)


for _word in WORDS + ("cons, reset",):
    setattr(SameAsZooKeeper, "test_" + _word.replace(", ", "_"), lambda self, word=_word: self.compare(word))


class Refusals(unittest.TestCase):
    """Words that are not executed, byte for byte."""

    def test_by_default_and_never(self):
        refusal = "{} is not executed because it is not in the whitelist.\n"
        with Ensemble(1, "muster") as by_default, Ensemble(1, "muster", **ALL) as everything, Ensemble(
                1, "zookeeper", zookeeper={"4lw.commands.whitelist": "srvr"}) as zookeeper:
            for word in ("dump", "wchc", "wchp", "crst", "srst", *NEVER_HERE):
                self.assertEqual(zookeeper.servers[0].four_letters(word), refusal.format(word))
                self.assertEqual(by_default.servers[0].four_letters(word), refusal.format(word))
            for word in NEVER_HERE:
                self.assertEqual(everything.servers[0].four_letters(word), refusal.format(word))
            for word in WORDS:
                self.assertEqual("whitelist" in by_default.servers[0].four_letters(word),
                                 word in ("dump", "wchc", "wchp", "crst", "srst"), word)
            telnet_close = b"\xff\xf4\xff\xfd".decode("latin-1")
            for server in (zookeeper.servers[0], by_default.servers[0]):
                self.assertEqual(self.raw(server, telnet_close), refusal.format("telnet close"))
            for server in (zookeeper.servers[0], everything.servers[0]):
                for word in ("abcd", "reqs", "RUOK"):
                    self.assertEqual(server.four_letters(word), "", word)

    @staticmethod
    def raw(server, text):
        with socket.create_connection(server.address, 5) as link:
            link.sendall(text.encode("latin-1"))
            answer = b""
            while chunk := link.recv(4096):
                answer += chunk
            return answer.decode()

    def test_while_nobody_leads(self):
        with Ensemble(3, "muster", **ALL) as ours, Ensemble(3, "zookeeper") as theirs:
            for ensemble in (ours, theirs):
                for server in ensemble.servers[1:]:
                    server.kill()
                lonely = ensemble.servers[0]
                eventually(lambda: "not currently serving" in lonely.four_letters("srvr"), "it has no leader")
            for word in WORDS:
                if word != "envi":
                    self.assertEqual(ours.servers[0].four_letters(word), theirs.servers[0].four_letters(word), word)
            self.assertTrue(ours.servers[0].four_letters("envi").startswith("Environment:\nzookeeper.version="))


if __name__ == "__main__":
    unittest.main()
