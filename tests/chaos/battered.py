"""An ensemble that can be hurt in every way at once: each server in a network namespace, its disk a small file system whose unsynced
writes can be taken back, its syncs and its wall clock in the test's hands, its links to the others and to clients through proxies."""

from support.faulty_process import FaultyProcess
from support.faulty_proxy import FaultyProxy
from support.network import NetworkedEnsemble
from support.power_cut import PowerCut
from support.small_disk import MEBIBYTE, SmallDisk

DISK_MEBIBYTES = 1024  # more than a run writes: for a checkpoint 64 must be free, or the log is not let go
CLIENTS = "clients"


class Battered(NetworkedEnsemble):
    def __init__(self, network, size, seed, **options):
        super().__init__(network, size, **options)
        self.seed = seed
        self.disks, self.cuts, self.faults = {}, {}, {}
        for server in self.servers:
            disk = self.disks[server] = SmallDisk(server.dir / "disk", DISK_MEBIBYTES)
            server.data = disk.path / "data"
            self.cuts[server] = PowerCut(disk.path, server.dir / "notes", disk.path / "removed-")
            self.faults[server] = FaultyProcess(server.dir / "faults")
        self.proxies = {}  # by server: of the links on which it calls another; by CLIENTS: of theirs

    # Starting and ending

    def take_ports(self):
        super().take_ports()
        self._close_proxies()
        for server in self.servers[1:]:  # of two servers the one with the greater id calls
            called = {other: (self.host_of(other.id), self.peer_ports[other.id]) for other in self.servers if other.id < server.id}
            self.proxies[server] = FaultyProxy(called, self.seed + server.id, self.network.prefix(server.id))
        self.proxies[CLIENTS] = FaultyProxy({server: server.address for server in self.servers}, self.seed)

    def peer_address(self, server, other):
        if other.id < server.id:
            return f"127.0.0.1:{self.proxies[server].ports[other]}"
        return super().peer_address(server, other)

    def prepare(self, server):
        self.disks[server].mount()
        super().prepare(server)

    def command(self, server):
        command, environment = super().command(server)
        self.cuts[server].forget()
        first, second = self.cuts[server].environment(), self.faults[server].environment()
        preloaded = f"{first['LD_PRELOAD']}:{second['LD_PRELOAD']}"
        # Only musterd: what puts it into its place has nothing to do with it.
        settings = {**environment, **first, **second, "LD_PRELOAD": preloaded}
        place, program = command[:len(self.network.prefix(server.id))], command[len(self.network.prefix(server.id)):]
        return [*place, "env", *(f"{name}={value}" for name, value in settings.items()), *program], {}

    def close(self):
        for server in self.servers:
            if server.running():
                server.kill()
            self.disks[server].unmount()
        self._close_proxies()
        super().close()

    def _close_proxies(self):
        for proxy in self.proxies.values():
            proxy.close()
        self.proxies.clear()

    # Links

    @property
    def client_hosts(self):
        """Where clients find the servers: at the proxies."""
        return ",".join(f"127.0.0.1:{port}" for port in self.proxies[CLIENTS].ports.values())

    def links_of(self, server):
        """(proxy, name of the link there) of each link to another server."""
        return ([(self.proxies[server], other) for other in self.servers if other.id < server.id]
                + [(self.proxies[other], server) for other in self.servers if other.id > server.id])

    def client_link_of(self, server):
        return [(self.proxies[CLIENTS], server)]

    def counts(self):
        """How often a link was torn, and how many bytes were changed."""
        torn, changed = zip(*(proxy.counts() for proxy in self.proxies.values()))
        return sum(torn), sum(changed)

    # Disks

    def cut_power(self, servers, chance):
        """Of those that run: all at once."""
        servers = [server for server in servers if server.running()]
        for server in servers:
            server.kill_now()
        for server in servers:
            server.wait()
            self.lose_unsynced(server, chance)

    def lose_unsynced(self, server, chance):
        """While it is down."""
        self.cuts[server].roll_back(chance)

    def fill(self, server):
        """Less than a segment of the log is left."""
        self.disks[server].fill(2 * MEBIBYTE)

    def empty(self, server):
        self.disks[server].empty()
