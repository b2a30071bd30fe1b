"""A stranger's program at work, as a transcript: what it is told, and what it must say.

    # A comment goes with the step that follows.
    > create /t/a one            a line for the program's standard input
    Created /t/a                 what it says then
    event changed /t/b           what it is told by the server meanwhile: in this order among themselves, behind the replies
    ! kill                       something happens around the program: Story.directives
    event connecting
    event connected              states of the session are a third sequence

The lines that a program says are compared after its rules (programs.py) have made them the same in every run.
`python3 -m interop.transcript NAME…` writes the transcripts anew from what Apache ZooKeeper does: commit only what you understand.
"""

import dataclasses
import pathlib
import signal
import sys
import time

from kazoo.client import KazooClient
from kazoo.exceptions import NoNodeError

from interop.cluster import Ensemble, eventually
from interop.programs import PROGRAMS, WAIT, Running

FOLDER = pathlib.Path(__file__).with_name("transcripts")
ALL_SAID = {">": 0.3, "!": 3}  # seconds that a recording waits for what may still be said
OPTIONS = {"muster": {"tick_ms": 250}, "zookeeper": {"tickTime": 250, "initLimit": 40, "syncLimit": 20, "maxSessionTimeout": 60000}}


@dataclasses.dataclass
class Step:
    comment: list
    prompt: str  # ">" or "!"
    text: str
    said: list


def read(name):
    steps, comment = [], []
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        if line.startswith(("> ", "! ")):
            steps.append(Step(comment, line[0], line[2:], []))
            comment = []
        elif line.startswith("#"):
            comment.append(line)
        elif line:
            steps[-1].said.append(line)
    return steps


def write(name, steps):
    with open(FOLDER / f"{name}.txt", "w") as file:
        for step in steps:
            before = ["", *step.comment] if step.comment and step is not steps[0] else step.comment
            file.write("".join(line + "\n" for line in [*before, f"{step.prompt} {step.text}", *step.said]))


class Story:
    """A transcript played on an ensemble by a program that starts at one of its servers."""

    def __init__(self, ensemble, program, server, recording=False):
        self.ensemble = ensemble
        self.program = program
        self.recording = recording
        self.directives = {"start": self.start, "kill": self.kill, "restart": self.restart, "pause": self.pause, "continue": self.go_on,
                           "create": self.create, "set": self.set, "delete": self.delete, "gone": self.gone}
        others = [other for other in ensemble.servers if other is not server]
        self.hosts = server.hosts if program.one_host else ",".join(each.hosts for each in [server, *others])
        self.running = None

    def play(self, steps):
        """The steps with what was said; AssertionError at the first that differs."""
        self.remove_all()
        played = []
        try:
            for step in steps:
                try:
                    said = self._step(step)
                    if not self.recording:
                        self._compare(step, said)
                except AssertionError as error:
                    raise AssertionError(f"at {step.prompt} {step.text}\n{error}") from None
                played.append(dataclasses.replace(step, said=[line for lines in said for line in lines]))
            status = self.running.end()
            assert status == self.program.status, f"it ended with status {status}"
        finally:
            if self.running:
                self.running.kill()
        return played

    def _step(self, step):
        said = []
        if step.prompt == ">":
            self.running.tell(step.text)
            said += self.running.until_all_answered()
        else:
            verb, *arguments = step.text.split()
            self.directives[verb](*arguments)
        expected = self._sorted(step.said)
        deadline = time.monotonic() + (ALL_SAID[step.prompt] if self.recording else WAIT)
        while self.recording or self._missing(expected, self._sorted(said)):
            line = self.running.line(deadline)
            if line is None:
                break
            said.append(line)
        return self._sorted(said)

    def _sorted(self, lines):
        """Replies, events, states of the session. A program's threads print replies and events in no order."""
        states = [line for line in lines if line in self.program.states]
        events = [line for line in lines if line.startswith(self.program.event) and line not in states]
        replies = [line for line in lines if line not in states and line not in events]
        return replies, events, [line for n, line in enumerate(states) if n == 0 or states[n - 1] != line]

    @staticmethod
    def _missing(expected, said):
        return any(len(have) < len(want) for want, have in zip(expected, said)) or expected[2][-1:] != said[2][-1:]

    def _compare(self, step, said):
        expected = self._sorted(step.said)
        if self.ensemble.kind == "zookeeper" and len(said[2]) > len(expected[2]):
            # A server of ZooKeeper drops its clients when the leader is lost, also those that have just come from it.
            said = (*said[:2], expected[2])
        assert said == expected, "\n".join([prefix + line for prefix, parts in (("- ", expected), ("+ ", said))
                                              for lines in parts for line in lines])

    # What happens around the program

    def start(self):
        self.running = Running(self.program, self.hosts)

    def kill(self):
        """SIGKILL of the server that it is connected to; the others serve then."""
        self._own().kill()
        self.ensemble.wait_serving(self.ensemble.running())

    def restart(self):
        """The server that it is connected to is killed if it still runs; all that are down are started, and take part again."""
        if self.program.one_host:
            self._own().kill()
        for server in self.ensemble.servers:
            if not server.running():
                server.start()
        self.ensemble.wait_voting()

    def _own(self):
        return next(s for s in self.ensemble.servers if s.address[1] == self.running.at)

    def pause(self):
        self.running.signal(signal.SIGSTOP)

    def go_on(self):
        self.running.signal(signal.SIGCONT)

    def create(self, path, data=""):
        self._as_another(lambda client: client.create(path, data.encode()))

    def set(self, path, data):
        self._as_another(lambda client: client.set(path, data.encode()))

    def delete(self, path):
        self._as_another(lambda client: client.delete(path))

    def gone(self, path):
        """Returns when another client sees that there is no such node."""
        self._as_another(lambda client: eventually(lambda: client.exists(path) is None, f"{path} is gone", WAIT, 0.1))

    def remove_all(self):
        """An empty tree, whatever an earlier story left."""
        def remove(client):
            client.add_auth("digest", "me:secret")  # who closes nodes in the transcripts
            try:
                client.delete("/t", recursive=True)
            except NoNodeError:
                pass
        self._as_another(remove)

    def _as_another(self, action):
        client = KazooClient(",".join(server.hosts for server in self.ensemble.running()), timeout=10)
        client.start(timeout=WAIT)
        try:
            client.sync("/")
            action(client)
        finally:
            client.stop()
            client.close()


def main():
    with Ensemble(3, "zookeeper", **OPTIONS) as ensemble:
        for name in sys.argv[1:]:
            story = Story(ensemble, PROGRAMS[name], ensemble.wait_follower(), recording=True)
            write(name, story.play(read(name)))
            ensemble.wait_voting()


if __name__ == "__main__":
    main()
