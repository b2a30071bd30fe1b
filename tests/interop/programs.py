"""The programs that transcripts are about: how to start each, which of its words differ from run to run, and one as it runs."""

import dataclasses
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
import time

from interop.cluster import ROOT, program

WAIT = 60  # seconds that anything may take on a machine with much else to do; nothing waits that long when all is well
NODE_MODULES = ROOT / "build" / "node" / "node_modules"  # scripts/test installs them


@dataclasses.dataclass
class Program:
    arguments: list  # what starts it; the hosts follow
    marker: str  # a request with a number, for which it says the answer when it has said all that came before
    answer: str
    event: str  # how lines begin that tell of a watch or of the session
    states: tuple  # the lines that tell of the session
    status: int = 0  # its exit status when its input ends
    one_host: bool = False  # it is given one server, not all
    noise: re.Pattern = re.compile("^$")  # lines that say nothing of the server
    rules: tuple = ()  # (pattern, what stands for it, why): applied to each line, in this order

    def command(self, hosts):
        if not shutil.which(self.arguments[0]):
            raise AssertionError(f"{self.arguments[0]} is missing: scripts/test installs what its tests need")
        return [*self.arguments, hosts]


def rule(pattern, label, why):
    return re.compile(pattern), label, why


ADDRESS = rule(r"127\.0\.0\.1:\d+", "ADDRESS", "ports are free ones")

PROGRAMS = {
    "c_client": Program(
        [program("c_client")], marker="echo /end-%d", answer=r"^/end-%d$",
        event="event ", states=("event connected", "event connecting", "event expired"),
        noise=re.compile("ZOO_ERROR|^$"),  # the library's log, on standard error
        rules=(ADDRESS,)),
    "cli_mt": Program(
        ["stdbuf", "-oL", "/usr/lib/zookeeper/bin/cli_mt"], marker="sync /end-%d", answer=r"^\tname = /end-%d$",
        event="Watcher ", one_host=True,
        states=("Watcher SESSION_EVENT state = CONNECTED_STATE", "Watcher SESSION_EVENT state = CONNECTING_STATE"),
        noise=re.compile(r"^$|ZOO_|^time = "),  # its log, and how long a request took
        rules=(
            rule(r"0x[0-9a-f]{12,}|(?<=session Id = )\w+|(?<=ephemeralOwner = )[1-9a-f]\w{6,}", "SESSION", "session ids"),
            rule(r"(?<=zxid=)[0-9a-f]+", "zxid-#", "zxids"),
            rule(r"(?<=time=)\w{3} .*|(?<=time = )\w{3} .*", "TIME", "times"),
        )),
    "zkcli": Program(
        ["/usr/share/zookeeper/bin/zkCli.sh", "-server"], marker="stat /end-%d", answer=r"^Node does not exist: /end-%d$",
        event="WatchedEvent ", one_host=True, status=1,  # the status of the last command, which is the marker
        states=tuple(f"WatchedEvent state:{state} type:None path:null" for state in ("SyncConnected", "Disconnected")),
        # How Java's logging is set up, greetings, and the line above each event.
        noise=re.compile("^$|SLF4J|^Connecting to |^Welcome to |^JLine |^ZooKeeper CLI version|^WATCHER::$"),
        rules=(
            rule(r"(?<=Zxid = )0x[0-9a-f]+", "zxid-#", "zxids are ours to number; which are equal is compared"),
            rule(r"(?<=time = ).*", "TIME", "times"),
            rule(r"(?<=ephemeralOwner = )0x[1-9a-f][0-9a-f]+", "session-#", "session ids; 0x0 stays"),
        )),
    "node": Program(
        ["node", str(ROOT / "tests/interop/node/client.js")], marker="echo /end-%d", answer=r"^/end-%d$",
        event="event ", states=("event connected", "event disconnected", "event expired"),
        rules=(ADDRESS,)),
}


class Running:
    """The program as a process: its lines as they come, made comparable."""

    def __init__(self, program, hosts):
        self.program = program
        self.names = {}  # (label, what was said): the name that stands for it
        self.at = int(hosts.split(",")[0].split(":")[1])  # the port of the server to which it is connected
        self._markers = 0
        self._lines = queue.Queue()
        self.process = subprocess.Popen(program.command(hosts), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                        env={**os.environ, "NODE_PATH": str(NODE_MODULES)})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self, deadline):
        """The next line that counts, or None when the time is over or the program ended."""
        while True:
            try:
                line = self._lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                return None
            if line is None:
                self._lines.put(None)
                return None
            if address := re.search(r"127\.0\.0\.1:(\d+)", line):
                self.at = int(address[1])
            if not self.program.noise.search(line):
                return self._named(line)

    def _named(self, line):
        for pattern, label, _ in self.program.rules:
            line = pattern.sub(lambda match: self._name(match, label), line)
        return line

    def _name(self, match, label):
        """The same value has the same name: that two zxids are equal is still seen. A label without '#' stands for all."""
        if "#" not in label:
            return label
        same_label = [key for key in self.names if key[0] == label]
        return self.names.setdefault((label, match[0]), label.replace("#", str(len(same_label) + 1)))

    def until_all_answered(self):
        """What it says until it has answered everything that it was told."""
        self._markers += 1
        self.tell(self.program.marker % self._markers)
        answer = self.program.answer % self._markers
        said, deadline = [], time.monotonic() + WAIT
        while (line := self.line(deadline)) is not None:
            if re.search(answer, line):
                return said
            if "/end-" not in line:
                said.append(line)
        raise AssertionError(f"no {answer!r}; it said {said}")

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def end(self):
        """Its standard input ends; returns its exit status when it has ended."""
        self.process.stdin.close()
        try:
            return self.process.wait(WAIT)
        finally:
            self.kill()

    def kill(self):
        try:
            self.signal(signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self._reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
