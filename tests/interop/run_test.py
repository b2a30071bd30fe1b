"""The commands of README's five-minute tour, as a newcomer types them: scripts/run and the muster command."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from interop.cluster import Ports, ROOT, program

WAIT = 120


class TourTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="muster-test-"))
        cls.base_port = cls.free_base_port()
        cls.options = ["--base-port", str(cls.base_port), "--data", str(cls.dir)]
        cls.run_script("--detach")

    @classmethod
    def tearDownClass(cls):
        cls.run_script("--stop")
        shutil.rmtree(cls.dir, ignore_errors=True)

    @classmethod
    def run_script(cls, verb):
        result = subprocess.run([ROOT / "scripts" / "run", verb, *cls.options], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, timeout=20 * WAIT)
        if result.returncode:
            raise AssertionError(f"scripts/run {verb} ended with {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout

    @classmethod
    def free_base_port(cls):
        ports = Ports()
        while True:
            base = ports.take()
            if base < 32000 and all(ports.is_free(base + offset) for offset in (0, 1, 2, 700, 701, 702)):
                return base

    @classmethod
    def hosts(cls):
        return ",".join(f"127.0.0.1:{cls.base_port + n}" for n in range(3))

    def muster(self, *arguments, status=0):
        result = subprocess.run([program("muster"), "--servers", self.hosts(), *arguments], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=WAIT)
        self.assertEqual(result.returncode, status, result.stderr)
        return result.stdout if status == 0 else result.stderr

    def start(self, *arguments):
        process = subprocess.Popen([program("muster"), "--servers", self.hosts(), *arguments], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.wait(), process.stdout.close()))
        return process

    def line(self, process, pattern):
        """Reads the process' output until a line matches."""
        timer = threading.Timer(WAIT, process.kill)
        timer.start()
        try:
            for line in process.stdout:
                if re.search(pattern, line):
                    return line
        finally:
            timer.cancel()
        self.fail(f"no line like {pattern!r}")

    def test_tour(self):
        self.assertRegex(self.muster("status"), r"leader(.|\n)*follower|follower(.|\n)*leader")
        self.muster("create", "/config", "colour=blue")
        self.assertIn("colour=blue", self.muster("get", "/config"))
        self.muster("set", "/config", "colour=green")
        self.assertIn("colour=green", self.muster("get", "/config"))
        self.assertIn("/config/job-0000000000", self.muster("create", "--sequential", "/config/job-"))
        self.assertEqual(self.muster("ls", "/config").split(), ["job-0000000000"])
        self.assertRegex(self.muster("stat", "/config"), r"(?i)version\W+1\b")
        self.muster("delete", "--recursive", "/config")
        self.assertNotIn("config", self.muster("ls", "/").split())

    def test_watch_prints_each_change(self):
        self.muster("create", "/watched", "1")
        watch = self.start("watch", "/watched")
        for number in range(2, 5):
            # The first change is repeated until it is seen: it may come before the watch is set.
            seen = threading.Event()
            reader = threading.Thread(target=lambda: (self.line(watch, "/watched"), seen.set()))
            reader.start()
            while not seen.wait(0.2):
                self.muster("set", "/watched", str(number))
            reader.join(WAIT)
        self.muster("delete", "/watched")

    def test_ephemeral_lives_with_its_process(self):
        holder = self.start("create", "--ephemeral", "/held", "me")
        self.eventually(lambda: "held" in self.muster("ls", "/").split(), "the ephemeral is there")
        holder.terminate()
        holder.wait(WAIT)
        self.eventually(lambda: "held" not in self.muster("ls", "/").split(), "the ephemeral is gone")

    def test_errors_are_said(self):
        self.assertRegex(self.muster("get", "/missing", status=1), "(?i)does not exist")
        self.assertRegex(self.muster("frobnicate", status=1), "help")

    def test_data_is_found_again(self):
        self.muster("create", "/kept", "x")
        self.run_script("--stop")
        self.run_script("--detach")
        self.assertIn("x", self.muster("get", "/kept"))

    def eventually(self, condition, what):
        deadline = time.monotonic() + WAIT
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)


if __name__ == "__main__":
    unittest.main(verbosity=2)
