"""muster bench counts what happened: each workload against real servers, safety and not speed."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from bench.crowds import crowds, total
from bench.targets import null_chain, null_server
from interop.cluster import Ensemble, eventually, program

WAIT = 120
WORKLOADS = ("create", "set", "get", "exists", "mixed", "ephemeral", "multi", "watch", "sessions")


class Commands:
    hosts = None

    def run_muster(self, *arguments, hosts=None, status=0):
        result = subprocess.run([program("muster"), "--servers", hosts or self.hosts, *map(str, arguments)],
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        return result.stdout if status == 0 else result.stderr

    def bench(self, workload, *arguments, hosts=None):
        with tempfile.TemporaryDirectory(prefix="muster-test-") as folder:
            file = pathlib.Path(folder) / "figures.json"
            self.run_muster("bench", workload, "--connections", 6, "--in-flight", 5, "--keys", 20, "--json", file, *arguments,
                            hosts=hosts)
            return json.loads(file.read_text())


class BenchCase(Commands):
    """The tests, for one kind of servers."""

    kind = None

    @classmethod
    def setUpClass(cls):
        cls.ensemble = Ensemble(3, kind=cls.kind)
        cls.addClassCleanup(cls.ensemble.close)
        cls.ensemble.start()
        cls.hosts = cls.ensemble.hosts

    def znodes(self, path="/"):
        return [name for name in self.run_muster("ls", path).split() if name != "zookeeper"]

    def versions(self, path):
        """The sum over all znodes below the path: how often they were set."""
        return sum(int(line.split()[-1]) for name in self.znodes(path)
                   for line in self.run_muster("stat", f"{path}/{name}").splitlines() if line.startswith("version"))

    def test_each_workload(self):
        for workload in WORKLOADS:
            with self.subTest(workload):
                figures = self.bench(workload, "--seconds", 0.5, "--warm-up", 0.1)
                self.assertEqual(figures["errors"], {})
                self.assertGreater(figures["completed"], 0)
                self.assertAlmostEqual(figures["throughput"], figures["completed"] / 0.5, delta=1)
                latency = figures["latency_ms"]
                self.assertEqual(latency["count"], figures["reads_ms"]["count"] + figures["writes_ms"]["count"])
                steps = [latency[name] for name in ("p50", "p90", "p99", "p99.9", "p99.99", "max")]
                self.assertEqual(steps, sorted(steps))
                self.assertGreater(steps[0], 0)
                self.assertLessEqual(figures["longest_gap_ms"], 500)
        self.assertEqual(self.znodes(), [], "the znodes of the measurements were left behind")

    def test_fixed_rate_sends_exactly_what_is_due_and_counts_all_of_it(self):
        figures = self.bench("set", "--seconds", 0.5, "--warm-up", 0, "--rate", 400, "--keep")
        self.assertEqual(figures["errors"], {})
        self.assertEqual(figures["latency_ms"]["count"], 200)
        root, = self.znodes()
        self.assertEqual(self.versions(f"/{root}"), 200)
        self.run_muster("delete", "--recursive", f"/{root}")

    def test_below_a_chroot_with_two_threads(self):
        self.run_muster("create", "/below")
        figures = self.run_muster("bench", "mixed", "--seconds", 0.2, "--warm-up", 0, "--threads", 2, "--keep",
                                  hosts=self.hosts + "/below")
        self.assertIn("errors      none", figures)
        self.assertEqual(self.znodes(), ["below"])
        self.assertEqual(len(self.znodes("/below")), 1)
        self.run_muster("delete", "--recursive", "/below")

    def test_refusals(self):
        self.assertIn("--rate", self.run_muster("bench", "watch", "--rate", 5, status=1))
        self.assertIn("--threads", self.run_muster("bench", "set", "--threads", 2, "--connections", 1, status=1))
        self.assertIn("no workload", self.run_muster("bench", "frobnicate", status=1))


class BenchMuster(BenchCase, unittest.TestCase):
    kind = "muster"


class BenchZooKeeper(BenchCase, unittest.TestCase):
    kind = "zookeeper"

    test_refusals = None  # these are the command's own


class BenchNull(Commands, unittest.TestCase):
    def test_servers_that_do_nothing(self):
        with tempfile.TemporaryDirectory(prefix="muster-test-") as folder, null_server() as limit, null_chain(folder) as chain:
            for target, workloads in ((limit, ("get", "set")), (chain, ("set", "create"))):
                for workload in workloads:
                    with self.subTest(target=target.name, workload=workload):
                        figures = self.bench(workload, "--seconds", 0.2, "--warm-up", 0, hosts=target.hosts)
                        self.assertEqual(figures["errors"], {})
                        self.assertGreater(figures["completed"], 0)


class BenchCrowd(Commands, unittest.TestCase):
    def test_sessions_watch_and_come_back(self):
        with Ensemble(3) as ensemble, crowds() as start:
            self.hosts = ensemble.hosts
            ensemble.wait_voting()
            both = [start(ensemble.hosts, 6, 10_000, watches=4), start(ensemble.hosts, 6, 10_000, watches=4, own=True)]
            for crowd in both:
                crowd.wait_open()
                crowd.watch()
            eventually(lambda: total(both)["watched"] == 48, "all watches are set")
            self.run_muster("create", "/crowd")
            self.run_muster("create", "/crowd/0000000001")  # all six of the one, the first of the other
            eventually(lambda: total(both)["events"] == 7, "those that watch it have heard of it")
            ensemble.wait_leader().kill()
            eventually(lambda: total(both)["lost"] == 4 and total(both)["open"] == 12, "those of the leader are back")
            self.assertEqual(total(both)["expired"], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
