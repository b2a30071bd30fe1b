"""The client library as its users meet it: installed, found by CMake and by pkg-config, and its examples against real servers."""

import concurrent.futures
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from kazoo.client import KazooClient

from interop.cluster import BUILD, ROOT, Ensemble, eventually

WAIT = 60  # seconds that anything may take on a machine with much else to do
EXAMPLES = ROOT / "client" / "examples"
JARS = "/usr/share/java/*"
WARNINGS = ["-Wall", "-Wextra", "-Werror"]

directory = prefix = ensemble = None


def run(*command, **options):
    """What the command prints. It must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, **options)
    assert done.returncode == 0, f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def setUpModule():
    global directory, prefix, ensemble
    directory = pathlib.Path(tempfile.mkdtemp(prefix="muster-examples-"))
    prefix = directory / "installed"
    run("cmake", "--install", BUILD, "--component", "client", "--prefix", prefix)
    run("cmake", "-S", EXAMPLES, "-B", directory / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_FLAGS=-O0 {' '.join(WARNINGS)}")
    run("ninja", "-C", directory / "build")
    ensemble = Ensemble(3, muster={"tick_ms": 250})
    ensemble.__enter__()


def tearDownModule():
    ensemble.close()
    shutil.rmtree(directory)


class Process:
    """An example that runs until it ends or is killed; its lines can be waited for."""

    def __init__(self, case, name, *arguments):
        self.process = subprocess.Popen([directory / "build" / f"example-{name}", ensemble.hosts, *arguments],
                                        stdout=subprocess.PIPE, text=True)
        self.lines = []
        self._new = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        case.addCleanup(self.kill)

    def _read(self):
        for line in self.process.stdout:
            with self._new:
                self.lines.append(line.rstrip("\n"))
                self._new.notify_all()

    def wait_line(self, line):
        with self._new:
            if not self._new.wait_for(lambda: line in self.lines, WAIT):
                raise AssertionError(f"{line!r} did not come; {self.lines}")

    def wait_end(self):
        status = self.process.wait(WAIT)
        self._reader.join()
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


class Installed(unittest.TestCase):
    def test_each_header_alone(self):
        headers = sorted(p.relative_to(prefix / "include") for p in (prefix / "include").rglob("*.h"))
        self.assertIn(pathlib.Path("muster/client.h"), headers)

        def compile_alone(compiler, header):
            run(compiler, "-std=c++20", "-fsyntax-only", *WARNINGS, "-Wconversion", "-Wshadow", "-I", prefix / "include", "-x", "c++", "-",
                input=f"#include <{header}>\n")

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(compile_alone, compiler, header) for header in headers for compiler in ("g++", "clang++")]
            for job in jobs:
                job.result()

    def test_nothing_inner_is_installed(self):
        text = "".join(path.read_text() for path in (prefix / "include").rglob("*.h"))
        for word in ("common/", "client/src", "wire::", "google/protobuf", str(ROOT)):
            self.assertNotIn(word, text)

    def test_pkg_config(self):
        found = run("pkg-config", "--cflags", "--libs", "muster", env={**os.environ, "PKG_CONFIG_PATH": str(next(prefix.rglob("pkgconfig")))})
        hello = directory / "hello"
        run("g++", "-std=c++20", "-O0", EXAMPLES / "hello.cc", *found.split(), "-o", hello)
        self.assertEqual(run(hello, ensemble.hosts), "hello world\n")


class Examples(unittest.TestCase):
    def setUp(self):
        self.zk = KazooClient(ensemble.hosts)
        self.zk.start(WAIT)
        self.addCleanup(lambda: (self.zk.stop(), self.zk.close()))
        self.path = "/" + self._testMethodName

    def run_example(self, name, *arguments):
        return run(directory / "build" / f"example-{name}", ensemble.hosts, *arguments)

    def test_hello(self):
        self.assertEqual(self.run_example("hello"), "hello world\n")
        self.assertIsNone(self.zk.exists("/hello"))

    def test_watch(self):
        watch = Process(self, "watch", self.path)
        watch.wait_line(f"watching {self.path}")
        self.zk.create(self.path)
        self.zk.create(self.path + "/a")
        self.zk.set(self.path + "/a", b"x")
        self.zk.delete(self.path + "/a")
        self.zk.delete(self.path)
        self.assertEqual(watch.wait_end(), 0)
        self.assertEqual(watch.lines[1:], [f"node created {self.path}", f"node created {self.path}/a", f"data changed {self.path}/a",
                                           f"node deleted {self.path}/a", f"node deleted {self.path}"])

    def test_coroutine(self):
        self.assertEqual(self.run_example("coroutine", self.path),
                         f"version 1\nrefused: version does not match\nmade {self.path}/job-0000000000\n")

    def test_blocking(self):
        self.assertEqual(self.run_example("blocking", self.path), "1\n")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            counted = sorted(int(text) for text in pool.map(lambda _: self.run_example("blocking", self.path), range(4)))
        self.assertEqual(counted, [2, 3, 4, 5])

    def test_callbacks(self):
        self.assertEqual(self.run_example("callbacks", self.path), "100 in order, the last wrote 100\n")

    def test_live_configuration(self):
        """A value is edited, and three processes see it live."""
        followers = [Process(self, "live_configuration", self.path) for _ in range(3)]

        def all_say(line):
            for follower in followers:
                follower.wait_line(line)

        all_say("4 workers say hello")
        self.assertEqual(self.run_example("live_configuration", self.path, "greeting=hi", "workers=8"), "change 1\n")
        all_say("8 workers say hi")
        with self.assertRaisesRegex(AssertionError, "workers: must be above 0"):
            self.run_example("live_configuration", self.path, "workers=0")
        self.zk.set(self.path + "/values/workers", b"-1")  # not adopted
        self.zk.set(self.path + "/values/greeting", b"bye")
        self.zk.set(self.path + "/values/workers", b"2")
        all_say("2 workers say bye")
        for follower in followers:
            self.assertEqual(follower.lines, ["4 workers say hello", "8 workers say hi", "2 workers say bye"])
        took = []
        for workers in range(100, 120):
            begun = time.monotonic()
            self.zk.set(self.path + "/values/workers", str(workers).encode())
            all_say(f"{workers} workers say bye")
            took.append((time.monotonic() - begun) * 1000)
        print(f"an edit was seen by three processes within {statistics.median(took):.1f} ms, at worst {max(took):.1f} ms of {len(took)}", file=sys.stderr)

    def test_leader_election(self):
        self.zk.create(self.path)
        stand = []
        for count, name in enumerate("abc", 1):
            stand.append(Process(self, "leader_election", self.path, name))
            eventually(lambda: len(self.zk.get_children(self.path)) == count, f"{name} stands")
        a, b, c = stand
        a.wait_line("a leads")
        self.assertEqual((b.lines, c.lines), ([], []))
        a.kill()
        b.wait_line("b leads")
        self.assertEqual(c.lines, [])
        # Paused for longer than its session, it does not know that another one leads; what it then writes is not done.
        state = self.path + "-state"
        eventually(lambda: self.zk.get(state)[0] == b"b", "b leads its way")
        b.process.send_signal(signal.SIGSTOP)
        c.wait_line("c leads")
        eventually(lambda: self.zk.get(state)[0] == b"c", "c leads its way")
        b.process.send_signal(signal.SIGCONT)
        b.wait_end()
        self.assertEqual(b.lines[-1], "b leads no more: session expired")
        self.assertEqual(self.zk.get(state)[0], b"c")

    def test_registry(self):
        """An instance is killed, and is gone for all within its session time-out. Another one takes over a name at once."""
        looks = [Process(self, "registry", self.path, "web") for _ in range(3)]

        def all_see(line):
            for look in looks:
                look.wait_line(line)

        all_see("instances:")
        first = Process(self, "registry", self.path, "web", "a", "10.0.0.1", "80")
        all_see("instances: a=10.0.0.1:80")
        Process(self, "registry", self.path, "web", "b", "10.0.0.2", "80")
        all_see("instances: a=10.0.0.1:80 b=10.0.0.2:80")
        killed = time.monotonic()
        first.kill()
        all_see("instances: b=10.0.0.2:80")
        print(f"a killed instance is gone for all after {time.monotonic() - killed:.1f} s; its session's time-out is 4 s")
        old = Process(self, "registry", self.path, "web", "c", "10.0.0.3", "80")
        all_see("instances: b=10.0.0.2:80 c=10.0.0.3:80")
        Process(self, "registry", self.path, "web", "c", "10.0.0.3", "81")
        all_see("instances: b=10.0.0.2:80 c=10.0.0.3:81")
        old.wait_line("another one is c now")
        self.assertEqual(old.wait_end(), 0)

    def test_registry_with_curator(self):
        """Our instances and Curator's find each other, with their attributes."""
        classes = directory / "curator"
        run("javac", "-nowarn", "-cp", JARS, "-d", classes, ROOT / "tests" / "interop" / "curator" / "Discovery.java")
        curator = subprocess.Popen(["java", "-Xmx256m", "-cp", f"{classes}:{JARS}", "Discovery", ensemble.hosts, self.path],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(lambda: curator.communicate())

        def ask(order):
            curator.stdin.write(order + "\n")
            curator.stdin.flush()
            return curator.stdout.readline().strip()

        look = Process(self, "registry", self.path, "web")
        self.assertEqual(ask("register web java 10.0.0.1 80 north"), "registered")
        look.wait_line("instances: java=10.0.0.1:80(north)")
        Process(self, "registry", self.path, "web", "ours", "10.0.0.2", "81", "south").wait_line("ours serves")
        look.wait_line("instances: java=10.0.0.1:80(north) ours=10.0.0.2:81(south)")
        self.assertEqual(ask("list web"),
                         "java 10.0.0.1 80 true {weight=3, zone=north}; ours 10.0.0.2 81 true {zone=south}")
        # Ours takes over an entry of Curator's.
        Process(self, "registry", self.path, "web", "java", "10.0.0.3", "82").wait_line("java serves")
        self.assertEqual(ask("list web"), "java 10.0.0.3 82 true ; ours 10.0.0.2 81 true {zone=south}")


if __name__ == "__main__":
    unittest.main()
