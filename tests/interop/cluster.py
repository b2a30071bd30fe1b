"""Real ensembles for tests: processes of musterd (or of Apache ZooKeeper, for comparison) on this machine.

    with Ensemble(3) as ensemble:
        leader = ensemble.wait_leader()
        leader.kill()
        ensemble.wait_leader()
        leader.start()

Every process dies with its ensemble, also when the test is killed. When the block is left by an exception, the end of each
server's log is printed first. MUSTER_KEEP=1 keeps the directory.
"""

import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MUSTER_BUILD", ROOT / "build")).resolve()
KINDS = ("muster", "zookeeper")
ZOOKEEPER_JAR = pathlib.Path("/usr/share/java/zookeeper.jar")

START_SECONDS = 60  # how long a server may take until it serves, on a machine with much else to do
EXIT_BAD_START = 2

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def default_kind():
    """The kind of server that the test runs against: MUSTER_ENSEMBLE=zookeeper shows what holds for ZooKeeper itself."""
    kind = os.environ.get("MUSTER_ENSEMBLE", "muster")
    if kind not in KINDS:
        raise ValueError(f"MUSTER_ENSEMBLE is {kind!r}, not one of {KINDS}")
    return kind


def program(name):
    """The path of a program of this build."""
    return str(BUILD / name)


def eventually(condition, what, seconds=START_SECONDS, interval=0.01):
    """The first true value of condition(), which is asked until it comes; AssertionError(what) when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(interval)


class Ports:
    """Free ports, each handed out once, from outside the range from which the system takes ports for outgoing connections:
    while a server is down, a client that looks for it must not be given its port."""

    def __init__(self):
        with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
            first, last = map(int, file.read().split())
        self._candidates = [port for port in range(10000, 65536) if not first <= port <= last]
        random.shuffle(self._candidates)

    def take(self):
        while self._candidates:
            port = self._candidates.pop()
            if self.is_free(port):
                return port
        raise RuntimeError("no free port")

    @staticmethod
    def is_free(port):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return True
            except OSError:
                return False


def die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """One server: its directory, its ports and, while it runs, its process. Verbs return at once unless they say otherwise."""

    def __init__(self, ensemble, server_id):
        self.ensemble = ensemble
        self.id = server_id
        self.dir = ensemble.dir / f"server-{server_id}"
        self.dir.mkdir(exist_ok=True)
        self.data = self.dir / "data"
        self.log = self.dir / "log"
        self.process = None

    def __repr__(self):
        return f"server {self.id}"

    @property
    def address(self):
        return (self.ensemble.host_of(self.id), self.ensemble.client_ports[self.id])

    @property
    def hosts(self):
        return "%s:%d" % self.address

    def start(self):
        assert not self.running(), f"{self} runs already"
        command, environment = self.ensemble.command(self)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir,
                env={**os.environ, **environment}, preexec_fn=die_with_parent)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL; returns when the process is gone."""
        self.kill_now()
        self.wait()

    def kill_now(self):
        """SIGKILL, without waiting for the end."""
        self.signal(signal.SIGKILL)

    def terminate(self):
        """SIGTERM; returns when the process is gone, with its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def stop(self):
        self.signal(signal.SIGSTOP)

    def cont(self):
        self.signal(signal.SIGCONT)

    def wipe(self):
        """Removes all data. The server must be down."""
        assert not self.running(), f"{self} still runs"
        shutil.rmtree(self.data, ignore_errors=True)
        self.ensemble.prepare(self)

    def signal(self, number):
        assert self.running(), f"{self} does not run"
        self.process.send_signal(number)

    def wait(self, seconds=START_SECONDS):
        return self.process.wait(seconds)

    def four_letters(self, word, seconds=2):
        """The answer to a four-letter word; empty when there is none."""
        try:
            with socket.create_connection(self.address, seconds) as link:
                link.settimeout(seconds)
                link.sendall(word.encode())
                answer = b""
                while chunk := link.recv(65536):
                    answer += chunk
                return answer.decode()
        except OSError:
            return ""

    def mode(self):
        """'leader', 'follower', 'standalone', … or None while it does not serve."""
        for line in self.four_letters("srvr").splitlines():
            if line.startswith("Mode: "):
                return line[len("Mode: "):]
        return None

    def votes(self):
        """Whether it is a full member of the quorum. False for a server of Muster whose new disk is not yet repaired."""
        monitored = self.four_letters("mntr")
        return bool(monitored) and "not currently serving" not in monitored and "zk_votes\t0" not in monitored

    def log_tail(self, lines=60):
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


class Ensemble:
    """Some servers on ports of their own in a directory of their own. `options` go into the configuration of each server."""

    def __init__(self, size=3, kind=None, directory=None, **options):
        self.kind = kind or default_kind()
        self.options = options
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="muster-test-", dir=directory))
        self._ports = Ports()
        self.client_ports = {}
        self.peer_ports = {}
        self.election_ports = {}
        self.servers = [Server(self, server_id) for server_id in range(1, size + 1)]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None and not issubclass(kind, KeyboardInterrupt):
            self.print_logs()
        self.close()

    def close(self):
        for server in self.servers:
            if server.running():
                server.kill()
        if os.environ.get("MUSTER_KEEP"):
            print(f"kept: {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def print_logs(self):
        for server in self.servers:
            state = "runs" if server.running() else f"exit {server.process and server.process.returncode}"
            print(f"--- {server} ({state}), end of its log\n{server.log_tail()}", file=sys.stderr)
        sys.stderr.flush()

    # Starting

    def start(self, attempts=3):
        """Starts all servers and returns when one leads and all serve. Other ports are tried when one was taken meanwhile."""
        for attempt in range(attempts):
            self.write_configuration()
            for server in self.servers:
                server.start()
            try:
                self.wait_serving()
                return
            except AssertionError:
                taken = any("in use" in server.log_tail() for server in self.servers)
                for server in self.servers:
                    if server.running():
                        server.kill()
                    shutil.rmtree(server.data, ignore_errors=True)
                if not taken or attempt + 1 == attempts:
                    raise

    def write_configuration(self):
        self.take_ports()
        for server in self.servers:
            self.prepare(server)

    def take_ports(self):
        for server in self.servers:
            self.client_ports[server.id] = self._ports.take()
            self.peer_ports[server.id] = self._ports.take()
            self.election_ports[server.id] = self._ports.take()  # ZooKeeper has two ports for its peers

    def prepare(self, server):
        """Writes what the server needs to start: its configuration and, for ZooKeeper, its identity."""
        if self.kind == "muster":
            self._write_muster_configuration(server)
        else:
            self._write_zookeeper_configuration(server)

    def _write_muster_configuration(self, server):
        lines = [f"server_id: {server.id}", f"data_dir: {server.data}",
                 f"client_address: {server.hosts}", "servers:"]
        for other in self.servers:
            lines.append(f'  {other.id}: {{peer: "{self.peer_address(server, other)}", client: "{other.hosts}"}}')
        lines += [f"{key}: {value}" for key, value in self.options.get("muster", {}).items()]
        (server.dir / "server.yaml").write_text("\n".join(lines) + "\n")

    def _write_zookeeper_configuration(self, server):
        options = {"tickTime": 2000, "initLimit": 10, "syncLimit": 5, "maxClientCnxns": 0, "admin.enableServer": "false",
                   "4lw.commands.whitelist": "*", **self.options.get("zookeeper", {})}
        lines = [f"{key}={value}" for key, value in options.items()]
        lines += [f"dataDir={server.data}", f"clientPort={self.client_ports[server.id]}", "clientPortAddress=127.0.0.1"]
        if len(self.servers) > 1:
            lines += [f"server.{other.id}=127.0.0.1:{self.peer_ports[other.id]}:{self.election_ports[other.id]}"
                      for other in self.servers]
        server.data.mkdir(exist_ok=True)
        (server.data / "myid").write_text(f"{server.id}\n")
        (server.dir / "zoo.cfg").write_text("\n".join(lines) + "\n")

    def host_of(self, server_id):
        """The address at which the server listens."""
        return "127.0.0.1"

    def peer_address(self, server, other):
        """Where the one server looks for the other."""
        return f"{self.host_of(other.id)}:{self.peer_ports[other.id]}"

    def command(self, server):
        """The command line and the additions to the environment that start this server."""
        if self.kind == "muster":
            return [program("musterd"), "--config", str(server.dir / "server.yaml")], {}
        return ["java", "-Xmx1g", "-Dzookeeper.extendedTypesEnabled=true", "-cp", f"/etc/zookeeper/conf:{ZOOKEEPER_JAR}",
                "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(server.dir / "zoo.cfg")], {}

    # Asking

    @property
    def hosts(self):
        return ",".join(server.hosts for server in self.servers)

    def running(self):
        return [server for server in self.servers if server.running()]

    def leader(self, among=None):
        """The server that says it leads, or None."""
        for server in among or self.running():
            if server.mode() in ("leader", "standalone"):
                return server
        return None

    def wait_leader(self, among=None):
        return eventually(lambda: self.leader(among), "a server leads")

    def wait_follower(self, among=None):
        """A server that follows; the lowest id of several."""
        return eventually(lambda: next((s for s in among or self.running() if s.mode() == "follower"), None),
                          "a server follows")

    def wait_voting(self, servers=None):
        """Returns when each of the servers (default: all) serves and votes: any one of them may be taken away then."""
        self.wait_serving(servers)
        for server in servers or self.servers:
            eventually(server.votes, f"{server} votes")

    def wait_serving(self, servers=None):
        """Returns when each of the servers (default: all) leads or follows, and one of the ensemble leads."""
        for server in servers or self.servers:
            def serves():
                assert server.running(), f"{server} ended with status {server.process.returncode}"
                return server.mode()
            eventually(serves, f"{server} serves")
        return self.wait_leader()
