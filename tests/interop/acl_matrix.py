"""Who may do what: for every operation and every way in which an ACL may name somebody, the answer under each of the 32 sets of
permissions. `python3 -m interop.acl_matrix` in tests/ records the answers of Apache ZooKeeper 3.8 in acl_matrix.txt.

The table has a line per (operation, ACL): 32 marks, from permissions 0 to 31. `.` allowed, `x` refused, `m` allowed with masked
digests; others are error codes.
"""

import pathlib
import re

from interop.golden.recording import AsItComes
from interop.golden.talk import Talk
from interop.golden.wire import ANY, WORLD, create, multi, request

FILE = pathlib.Path(__file__).with_name("acl_matrix.txt")
MINE = "user:smGaoVKd/cQkjm7b88GyorAUz20="  # the digest of user:pass
OTHER = "other:AAAAAAAAAAAAAAAAAAAAAAAAAAA="

# name: the ACL's entry, (scheme, id); the client is user:pass from 127.0.0.1.
IDENTITIES = {
    "world": [("world", "anyone")], "auth": [("auth", "")], "digest-mine": [("digest", MINE)], "digest-other": [("digest", OTHER)],
    "digest-user-only": [("digest", "user:other")], "ip-mine": [("ip", "127.0.0.1")], "ip-net": [("ip", "127.0.0.0/8")],
    "ip-everything": [("ip", "10.0.0.1/0")], "ip-other": [("ip", "127.0.0.2")], "ip-other-net": [("ip", "10.0.0.0/8")],
    "two-entries": [("digest", OTHER), ("ip", "127.0.0.1")],
}
LINES_OF = {"user": tuple(IDENTITIES), "super": ("digest-other",)}
TARGETS = {
    "create": lambda node: create(node + "/new"), "createSequential": lambda node: create(node + "/new", flags=2),
    "createEphemeral": lambda node: create(node + "/new", flags=1), "create2": lambda node: create(node + "/new", operation="create2"),
    "createContainer": lambda node: create(node + "/new", operation="createContainer"),
    "delete": lambda node: request("delete", node + "/child", ANY), "deleteMissing": lambda node: request("delete", node + "/none", ANY),
    "setData": lambda node: request("setData", node, b"x", ANY), "setDataBadVersion": lambda node: request("setData", node, b"x", 9),
    "setACL": lambda node: request("setACL", node, WORLD, ANY), "setACLBadVersion": lambda node: request("setACL", node, WORLD, 9),
    "exists": lambda node: request("exists", node, False), "getData": lambda node: request("getData", node, False),
    "getACL": lambda node: request("getACL", node), "getChildren": lambda node: request("getChildren", node, False),
    "getChildren2": lambda node: request("getChildren2", node, False), "sync": lambda node: request("sync", node),
    "getAllChildrenNumber": lambda node: request("getAllChildrenNumber", node), "addWatch": lambda node: request("addWatch", node, 0),
    "getEphemerals": lambda node: request("getEphemerals", node), "childOfClosed": lambda node: request("getData", node + "/child", False),
    "multiCreate": lambda node: multi(create(node + "/new")), "multiDelete": lambda node: multi(request("delete", node + "/child", ANY)),
    "multiSetData": lambda node: multi(request("setData", node, b"x", ANY)), "multiCheck": lambda node: multi(request("check", node, 0)),
    "multiReadData": lambda node: multi(request("getData", node, False), operation="multiRead"),
    "multiReadChildren": lambda node: multi(request("getChildren", node, False), operation="multiRead"),
}


def mark(answer):
    """The sign for one answer, a line of a transcript."""
    error = [code for code in re.findall(r"error=(-?\d+)", answer) if code != "0"]
    if error:
        return "x" if error[0] == "-102" else f"({error[0]})"
    return "m" if ":x " in answer or ":x]" in answer else "."


def play(address):
    """(client, operation, ACL): the 32 marks."""
    table = {}
    talk = Talk(address, "acl-matrix")
    admin = talk.client("admin")
    admin.ask(create(talk.base))
    askers = {name: talk.client(name) for name in LINES_OF}
    for asker in askers.values():
        asker.ask(request("auth", 0, "digest", b"user:pass"))
    askers["super"].ask(request("auth", 0, "digest", b"super:secret"))
    lines = [(client, operation, name) for client, names in LINES_OF.items() for operation in TARGETS for name in names]
    for number, (client, operation, name) in enumerate(lines):
        asker = askers[client]
        nodes = [f"{talk.base}/{number}-{perms}" for perms in range(32)]
        asker.ask(*(create(node, b"data") for node in nodes), *(create(node + "/child", b"data") for node in nodes),
                  *(request("setACL", node, [(perms, *identity) for identity in IDENTITIES[name]], ANY)
                    for perms, node in enumerate(nodes)))
        del talk.lines[:]
        asker.ask(*(TARGETS[operation](node) for node in nodes))
        answers = [answer for _, lines in talk.transcript() for answer in lines]
        assert len(answers) == 32, answers
        table[client, operation, name] = "".join(map(mark, answers))
        del talk.lines[:]
    talk.end()
    return table


def write(table):
    with open(FILE, "w", encoding="ascii") as file:
        for (client, operation, name), marks in table.items():
            file.write(f"{client:6}{operation:21}{name:17}{marks}\n")


def read():
    return {tuple(words[:3]): words[3] for words in map(str.split, FILE.read_text(encoding="ascii").splitlines())}


if __name__ == "__main__":
    with AsItComes("zookeeper") as server:
        write(play(server.servers[0].address))
