"""An ensemble whose servers live in network namespaces of their own, so that the network between any two of them can be cut,
in one direction or in both.

    with Network() as network, NetworkedEnsemble(network, 5) as ensemble:
        network.block(1, 2)       # what server 1 sends to server 2 is lost
        network.heal()

The test's process moves into a namespace of its own; there a bridge joins it with all servers. Nothing of this is seen outside,
and it is gone with the process. Needs root (`available()`).
"""

import ctypes
import os
import shutil
import subprocess

from interop.cluster import Ensemble, die_with_parent

CLONE_NEWNET = 0x40000000
PREFIX = "10.77.0."
HUB = 254
SECRET = "the servers of this test know each other by this"


def available():
    return os.geteuid() == 0 and all(shutil.which(tool) for tool in ("ip", "nsenter", "unshare"))


def address_of(number):
    return f"{PREFIX}{number}"


class Network:
    """A bridge in a namespace of this process; each place on it is a namespace, by the number that ends its address."""

    def __init__(self):
        self._places = {}  # number → the process that holds the namespace
        self._blocked = set()

    def __enter__(self):
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "no namespace for the network can be made: run the test as root")
        self._run("ip link set lo up")
        self._run("ip link add hub type bridge")
        self._run(f"ip addr add {address_of(HUB)}/24 dev hub")
        self._run("ip link set hub up")
        return self

    def __exit__(self, *_):
        for holder in self._places.values():
            holder.kill()
            holder.wait()

    def add(self, number):
        holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec sleep infinity"], stdout=subprocess.PIPE,
                                  stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        assert holder.stdout.readline() == b"ready\n"
        self._places[number] = holder
        self._run(f"ip link add hub{number} type veth peer name eth0 netns {holder.pid}")
        self._run(f"ip link set hub{number} master hub up")
        for command in ("ip link set lo up", f"ip addr add {address_of(number)}/24 dev eth0", "ip link set eth0 up"):
            self._inside(number, command)

    def prefix(self, number):
        """The command that runs another one in that place."""
        return ["nsenter", "-t", str(self._places[number].pid), "-n"]

    def block(self, sender, receiver):
        """What `sender` sends to `receiver` is lost. Numbers; HUB is the test itself."""
        if (sender, receiver) not in self._blocked:
            self._blocked.add((sender, receiver))
            self._inside(sender, f"ip route add blackhole {address_of(receiver)}/32")

    def unblock(self, sender, receiver):
        if (sender, receiver) in self._blocked:
            self._blocked.discard((sender, receiver))
            self._inside(sender, f"ip route del blackhole {address_of(receiver)}/32")

    def heal(self):
        for sender, receiver in list(self._blocked):
            self.unblock(sender, receiver)

    def _inside(self, number, command):
        self._run(command, [] if number == HUB else self.prefix(number))

    @staticmethod
    def _run(command, prefix=()):
        subprocess.run([*prefix, *command.split()], check=True, stdin=subprocess.DEVNULL)


class NetworkedEnsemble(Ensemble):
    """Servers of Muster, one in each place; by their ids."""

    def __init__(self, network, size, **options):
        super().__init__(size, "muster", **options)
        self.network = network
        for server in self.servers:
            network.add(server.id)
        self.secret = self.dir / "secret"
        self.secret.write_text(SECRET)
        self.secret.chmod(0o600)
        self.options.setdefault("muster", {})["secret_file"] = self.secret

    def host_of(self, server_id):
        return address_of(server_id)

    def command(self, server):
        command, environment = super().command(server)
        return self.network.prefix(server.id) + command, environment
