"""Many sessions that only live, in processes of crowd.cc."""

import contextlib
import json
import subprocess

from interop.cluster import die_with_parent, eventually, program


class Crowd:
    def __init__(self, hosts, sessions, timeout_ms, watches=0, own=False):
        self.sessions = sessions
        self._process = subprocess.Popen(
            [program("bench-crowd"), hosts, str(sessions), str(timeout_ms), str(watches), "own" if own else "shared"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, preexec_fn=die_with_parent)

    def report(self):
        self._process.stdin.write("report\n")
        return json.loads(self._process.stdout.readline())

    def watch(self):
        self._process.stdin.write("watch\n")

    def wait_open(self, seconds=60):
        eventually(lambda: self.report()["open"] == self.sessions, f"{self.sessions} sessions are open", seconds, interval=0.05)

    def end(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@contextlib.contextmanager
def crowds():
    """A function that starts a crowd, which ends with the block."""
    started = []

    def start(*arguments, **options):
        started.append(Crowd(*arguments, **options))
        return started[-1]

    try:
        yield start
    finally:
        for crowd in started:
            crowd.end()


def total(all_crowds):
    """The sums over their reports; the latest of `last_opened`."""
    reports = [crowd.report() for crowd in all_crowds]
    sums = {key: sum(report[key] for report in reports) for key in reports[0]}
    return {**sums, "last_opened": max(report["last_opened"] for report in reports)}
