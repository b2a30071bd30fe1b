"""The cases played against a server, and their transcripts in a file: for each case a line `== name`, then the exchanges, each
ended by an empty line."""

import pathlib

from interop.cluster import Ensemble
from interop.golden.manifest import cases
from interop.golden.talk import Talk

FILE = pathlib.Path(__file__).with_name("zookeeper-3.8.txt")
SUPER = "super:lK75jTNcA+U9vtVEw5vB51mj/w4="  # the digest of super:secret


class AsItComes(Ensemble):
    """One server alone or several: TTL nodes off, one who may do everything."""

    def __init__(self, kind, size=1):
        super().__init__(size, kind, muster={"super_digest": f'"{SUPER}"'})

    def command(self, server):
        command, environment = super().command(server)
        if self.kind == "zookeeper":
            command = [word for word in command if "extendedTypesEnabled" not in word]
            command.insert(1, f"-Dzookeeper.DigestAuthenticationProvider.superDigest={SUPER}")
        return command, environment


def play(address):
    """name: exchanges, for every case."""
    played = {}
    for name, run in cases().items():
        talk = Talk(address, name)
        run(talk)
        played[name] = talk.end()
    return played


def write(played):
    with open(FILE, "w", encoding="ascii") as file:
        for name, exchanges in played.items():
            file.write(f"== {name}\n")
            for asked, answers in exchanges:
                file.write("\n".join([asked, *answers]) + "\n\n")


def read():
    played, exchanges = {}, None
    for block in FILE.read_text(encoding="ascii").split("\n\n"):
        lines = block.splitlines()
        if lines and lines[0].startswith("== "):
            exchanges = played[lines.pop(0)[3:]] = []
        if lines:
            asked = [line for line in lines if line.split(" ")[0][-1] != "<"]
            exchanges.append(("\n".join(asked), lines[len(asked):]))
    return played
