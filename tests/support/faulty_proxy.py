"""Networks that delay, drip, tear and change what passes: a process of chaos/faulty_proxy.cc.

    with FaultyProxy({"a": ("127.0.0.1", 2181)}, seed=1) as proxy:
        proxy.ports["a"]                    where to connect instead
        proxy.hurt("a", "delay 1 500")      see there what else; until heal("a")
"""

import subprocess

from interop.cluster import die_with_parent, program


class FaultyProxy:
    """`targets`: addresses by names. `prefix`: the command that runs another one in the place where the ports shall be."""

    def __init__(self, targets, seed, prefix=()):
        self._numbers = {name: number for number, name in enumerate(targets)}
        self._process = subprocess.Popen([*prefix, program("faulty-proxy"), str(seed), *("%s:%d" % address for address in targets.values())],
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        self.ports = dict(zip(targets, map(int, self._process.stdout.readline().split()), strict=True))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def hurt(self, name, how):
        self._command(f"{self._numbers[name]} {how}")

    def heal(self, name):
        self._command(f"{self._numbers[name]} pass")

    def counts(self):
        """How often something was torn, and how many bytes were changed."""
        words = self._ask("counts").split()
        return int(words[1]), int(words[3])

    def _command(self, line):
        answer = self._ask(line)
        assert answer == "done\n", f"{line}: {answer}"

    def _ask(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()
