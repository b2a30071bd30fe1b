"""What is measured: real ensembles, and the two servers that do nothing (null_server.cc, null_chain.cc)."""

import contextlib
import pathlib
import subprocess

from bench.processes import cpu_seconds
from interop.cluster import Ensemble, Ports, die_with_parent, program

DATA_BYTES = 100


class Target:
    """Somewhere to send requests to. `hosts` names a server that does not lead first: a single connection goes there."""

    def __init__(self, name, hosts, processes):
        self.name = name
        self.hosts = hosts
        self._processes = processes

    def cpu_seconds(self):
        """What all its processes have used so far."""
        return sum(cpu_seconds(process.pid) for process in self._processes)


@contextlib.contextmanager
def ensemble(kind, directory):
    with Ensemble(3, kind=kind, directory=directory) as servers:
        servers.wait_voting() if kind == "muster" else servers.wait_serving()
        leader = servers.wait_leader()
        followers = [server for server in servers.servers if server is not leader]
        yield Target(kind, ",".join(server.hosts for server in followers + [leader]), [server.process for server in servers.servers])


@contextlib.contextmanager
def _processes():
    """A function that starts a program and gives the address that it says it listens on."""
    running = []

    def start(*command):
        process = subprocess.Popen([program(command[0]), *map(str, command[1:])], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   text=True, preexec_fn=die_with_parent)
        running.append(process)
        return process

    try:
        yield start
    finally:
        for process in running:
            process.kill()
            process.wait()
            process.stdout.close()


def _address(process):
    address = process.stdout.readline().strip()
    assert address, "a server that does nothing did not even start"
    return address


@contextlib.contextmanager
def null_server(data_bytes=DATA_BYTES):
    with _processes() as start:
        server = start("null_server", 0, data_bytes)
        yield Target("limit", _address(server), [server])


@contextlib.contextmanager
def null_chain(directory, data_bytes=DATA_BYTES):
    leader_port = Ports().take()
    with _processes() as start:
        files = [pathlib.Path(directory) / f"chain-{number}" for number in (1, 2, 3)]
        try:
            servers = [start("null_chain", number, files[number - 1], 0, leader_port, data_bytes) for number in (1, 2, 3)]
            leader, *followers = [_address(server) for server in servers]
            yield Target("chain", ",".join(followers + [leader]), servers)
        finally:
            for file in files:
                file.unlink(missing_ok=True)
