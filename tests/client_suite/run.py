"""Runs build/client-suite against three real servers, and does to them what its cases ask for.

    python3 -m client_suite.run [CASE…]                     from tests/; MUSTER_ENSEMBLE=zookeeper: against Apache ZooKeeper

The cases reach the servers through proxies, so that a connection can be cut while its server lives. They give their orders
over a socket, one a line, and are answered "ok" or with what was asked:

    fresh            all servers run, all passes, one leads
    kill N, start N  server N, by SIGKILL; start returns when it serves
    cut N, hold N, hold_answers N, break N, pass N           its proxy (support/proxy.py)
    connections      how many pass each proxy: "0 1 0"
"""

import os
import socketserver
import subprocess
import sys
import threading

from interop.cluster import Ensemble, program
from support.proxy import Proxies

OPTIONS = {
    "muster": {"tick_ms": 250},
    "zookeeper": {"tickTime": 250, "initLimit": 40, "syncLimit": 20, "maxSessionTimeout": 10000},
}


class Control(socketserver.StreamRequestHandler):
    """Does what one case asks."""

    def handle(self):
        for line in self.rfile:
            self.wfile.write(f"{self.obey(*line.decode().split())}\n".encode())

    def obey(self, order, *arguments):
        ensemble, proxies = self.server.ensemble, self.server.proxies
        if order == "fresh":
            proxies.pass_all()
            for server in ensemble.servers:
                if not server.running():
                    server.start()
            ensemble.wait_voting()
            return "ok"
        if order == "connections":
            return " ".join(str(proxy.connections()) for proxy in proxies)
        number = int(arguments[0])
        server, proxy = ensemble.servers[number - 1], proxies[number]
        if order == "start":
            server.start()
            ensemble.wait_serving([server])
        else:
            {"kill": server.kill, "cut": proxy.cut, "break": proxy.break_connections, "pass": proxy.pass_all,
             "hold": lambda: proxy.hold("up", "down"), "hold_answers": lambda: proxy.hold("down")}[order]()
        return "ok"


class ControlServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    with Ensemble(3, **OPTIONS) as ensemble, Proxies(ensemble) as proxies:
        with ControlServer(("127.0.0.1", 0), Control) as control:
            control.ensemble, control.proxies = ensemble, proxies
            threading.Thread(target=control.serve_forever, daemon=True).start()
            environment = {"MUSTER_SUITE_KIND": ensemble.kind, "MUSTER_SUITE_PROXIES": proxies.hosts,
                           "MUSTER_SUITE_SERVERS": ensemble.hosts, "MUSTER_SUITE_CONTROL": str(control.server_address[1])}
            status = subprocess.run([program("client-suite"), "--durations", "yes", *sys.argv[1:]],
                                    env={**os.environ, **environment}).returncode
            control.shutdown()
        if status != 0:
            ensemble.print_logs()
    return status


if __name__ == "__main__":
    sys.exit(main())
