"""The cases: what is asked. Most are generated from tables (paths × operations, malformed bodies × operations, pairs of faults ×
operations); the others tell a story of several requests. CELLS says which outcomes of which operation must have come up."""

import struct

from interop.golden import wire
from interop.golden.wire import ANY, WORLD, create, malformed, multi, request, unknown

_CREATE = (0, -8, -101, -102, -108, -110, -114)
_WRITE_IN_MULTI = (0, -2, -8, -101, -102, -103)
# The table operation × error: what each operation answers somewhere in the recording, no more and no less. CLOSED: ends the connection (setData: by a frame too long).
# `multi.x` is operation x inside a multi; all opcodes that name no operation have one row.
CLOSED = "closed"
CELLS = {
    "create": (*_CREATE, -5, -6), "create2": (*_CREATE, -5, -6), "createContainer": (*_CREATE, -5, -6), "createTTL": (-5, -6, -8),
    "delete": (0, -5, -8, -101, -102, -103, -111), "setData": (0, -5, -8, -101, -102, -103, CLOSED),
    "setACL": (0, -5, -8, -101, -102, -103, -114), "getACL": (0, -5, -101, -102), "exists": (0, -5, -8, -101),
    "getData": (0, -5, -101, -102), "getChildren": (0, -5, -101, -102), "getChildren2": (0, -5, -101, -102),
    "getAllChildrenNumber": (0, -5, -101, -102), "getEphemerals": (0, -5), "sync": (0, -5), "ping": (0,), "whoAmI": (0,),
    "multi": (0, -5), "multiRead": (0, -5), "checkWatches": (0, -5, -121), "removeWatches": (0, -5, -121), "addWatch": (0, -5),
    "setWatches": (0, -5), "setWatches2": (0, -5), "reconfig": (-5, -123), "auth": (0, -115, CLOSED), "sasl": (0, CLOSED),
    "closeSession": (0, CLOSED), "check": (-103,), "deleteContainer": (-8,), "createSession": (), "opcode": (-6, CLOSED),
    "multi.create": (*_CREATE, -2), "multi.create2": (*_CREATE, -2), "multi.createContainer": (*_CREATE, -2), "multi.createTTL": (0, -6),
    "multi.delete": (*_WRITE_IN_MULTI, -111), "multi.setData": _WRITE_IN_MULTI, "multi.check": _WRITE_IN_MULTI,
    "multiRead.getData": (0, -101, -102), "multiRead.getChildren": (0, -101, -102),
}
# Errors of the protocol that no cell has, and why no server as it comes gives them.
NOWHERE = {
    -1: "never sent on purpose", -3: "not used", -12: "not used", -13: "reconfiguration is disabled", -14: "reconfiguration is disabled",
    -112: "the connection is closed instead", -118: "the connection is closed instead", -119: "no read-only mode",
    -120: "no local sessions", -124: "no authentication is enforced", -125: "no quota is enforced", -127: "no operation is throttled",
}
ERRORS = (0, -1, -2, -3, -5, -6, -8, -12, -13, -14, -101, -102, -103, -108, -110, -111, -112, -114, -115, -118, -119, -120, -121, -123,
          -124, -125, -127)  # all that a server may send

_CASES = {}
NOBODY = [(31, "digest", "nobody:x")]
PATHS = {
    "empty": b"", "relative": b"foo", "slash at the end": b"/a/", "empty component": b"/a//b", "dot": b"/./b",
    "dots": b"/a/..", "NUL": b"/a\0b", "control": b"/\x01", "delete": b"/\x7f", "C1": "/\x85", "last private": "/\uf8ff",
    "surrogate": b"/\xed\xa0\x80", "special": "/\uffff", "beyond the plane": "/\U0001f600", "not UTF-8": b"/\xff\xfe",
    "three dots": b"/...", "hidden": b"/.x", "accent": "/\u00e9", "root": b"/", "missing parent": b"/missing/child",
}
WITH_PATH = {
    "create": lambda path: create(path), "create2": lambda path: create(path, operation="create2"),
    "create-sequential": lambda path: create(path, flags=2),
    "createContainer": lambda path: create(path, flags=4, operation="createContainer"),
    "delete": lambda path: request("delete", path, ANY), "setData": lambda path: request("setData", path, b"", ANY),
    "setACL": lambda path: request("setACL", path, WORLD, ANY), "getACL": lambda path: request("getACL", path),
    "exists": lambda path: request("exists", path, False), "getData": lambda path: request("getData", path, False),
    "getChildren": lambda path: request("getChildren", path, False),
    "getChildren2": lambda path: request("getChildren2", path, False),
    "getAllChildrenNumber": lambda path: request("getAllChildrenNumber", path), "sync": lambda path: request("sync", path),
    "addWatch": lambda path: request("addWatch", path, 0), "checkWatches": lambda path: request("checkWatches", path, 3),
    "removeWatches": lambda path: request("removeWatches", path, 3),
    "getEphemerals": lambda path: request("getEphemerals", path),
    "multi-create": lambda path: multi(create(path)), "multi-delete": lambda path: multi(request("delete", path, ANY)),
    "multi-setData": lambda path: multi(request("setData", path, b"", ANY)),
    "multi-check": lambda path: multi(request("check", path, ANY)),
    "multiRead": lambda path: multi(request("getData", path, False), request("getChildren", path, False), operation="multiRead"),
    "setWatches": lambda path: request("setWatches", 0, [path], [path], [path]),
}
CREATES = ("create", "create2", "createContainer")


def case(function):
    _CASES[function.__name__.replace("_", "-")] = function
    return function


def cases():
    """name: function(talk), in order; those that want a fresh server come first."""
    generated = {f"paths-{name}": _paths(make) for name, make in WITH_PATH.items()}
    generated |= {f"null-path-{name}": _request(make(None)) for name, make in WITH_PATH.items()}
    generated |= {f"malformed-{name}": _malformed(name) for name, (_, fields, _) in wire.OPERATIONS.items()
                  if fields and name not in ("check", "deleteContainer", "createSession", "auth", "sasl")}
    generated |= {f"faults-{name}": _create_faults(name) for name in CREATES}
    generated |= {f"null-acl-{name}": _request(create("/null-acl", acl=acl)) for name, acl in NULL_ACLS.items()}
    return _CASES | generated


def _paths(make):
    def run(talk):
        a = talk.client("A")
        for path in PATHS.values():
            if path == b"/" and make(path).operation in ("setData", "setACL", "multi"):
                continue  # the root stays as it is
            a.ask(make(path))
    return run


def _request(asked):
    """One request and no more: where the answers differ, a zxid may be spent or not, which would show in all that follows."""
    return lambda talk: talk.client("A").ask(asked)


def _malformed(name):
    def run(talk):
        a = talk.client("A")
        sample = wire.OPERATIONS[name][1].split()
        values = {"int": 0, "long": 1, "zxid": 0, "bool": False, "string": talk.path(), "buffer": b"", "acls": WORLD, "strings": []}
        body = request(name, *(values[field.split(":")[1]] for field in sample)).body
        for cut in sorted({0, 1, 4, 5, len(body) // 2, len(body) - 1}):
            a.ask(malformed(name, body[:cut]))
        a.ask(malformed(name, struct.pack(">i", 2**31 - 1) + body[4:]), malformed(name, struct.pack(">i", -2) + body[4:]))
        a.ask(malformed(name, body + b"more"))
    return run


def _create_faults(name):
    """Requests with several faults at once: the first check that fails decides."""
    def run(talk):
        a = talk.client("A")
        a.ask(create(talk.path()))
        for node, acl in (("/closed", NOBODY), ("/there", WORLD), ("/open", WORLD)):
            a.ask(create(talk.path(node), acl=WORLD))
            if acl is not WORLD:
                a.ask(create(talk.path(node + "/there")), request("setACL", talk.path(node), acl, ANY))
        a.ask(create(talk.path("/ephemeral"), flags=1))
        paths = ["relative", "/missing/x", "/closed/x", "/closed/there", "/closed//", "/there", "/missing/./x", "/open/", "/open//x",
                 "/open/.", "/ephemeral/x", "/ephemeral/.", "/ephemeral"]
        for path in paths:
            full = path if path == "relative" else talk.path(path)
            for flags in (0, 1, 2, 3, 4, 5, 6, 7, -1, 100):
                a.ask(create(full, flags=flags, operation=name))
            a.ask(create(full, acl=[], operation=name), create(full, acl=None, operation=name),
                  create(full, acl=NOBODY, operation=name), request("delete", full, ANY))
        a.ask(request("getChildren2", talk.path(), False), request("getChildren2", talk.path("/open"), False))
    return run


@case
def fresh_server(talk):
    a = talk.client("A")
    for path in ("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"):
        a.ask(request("exists", path, False), request("getData", path, False), request("getACL", path),
              request("getChildren2", path, False), request("getAllChildrenNumber", path))
        a.ask(request("delete", path, ANY), create(path))
    a.ask(request("setData", "/zookeeper/config", b"x", ANY))
    a.ask(create("/zookeeper/mine"), request("delete", "/zookeeper/mine", ANY))


@case
def stats(talk):
    a = talk.client("A")
    base, node = talk.path(), talk.path("/node")
    a.ask(create(base, b"base"), create(node, None), request("getData", node, False), request("getData", base, False))
    a.ask(request("setData", node, b"12345", 0), request("setData", node, b"", 0), request("setData", node, b"", 1),
          request("setData", node, None, 2), request("setData", node, b"x", -2), request("getData", node, False))
    a.ask(request("setACL", node, WORLD, 0), request("setACL", node, WORLD, 0), request("setACL", node, WORLD, ANY),
          request("exists", node, False), request("getACL", node))
    a.ask(create(node + "/child"), request("delete", node, ANY), request("delete", node + "/child", 1),
          request("delete", node + "/child", 0), request("exists", node, False), request("delete", node, 3),
          request("delete", node, 7), request("delete", node, 4), request("delete", node, ANY), request("exists", base, False))
    a.ask(create(node, operation="create2"), request("setData", base, b"", ANY), request("getChildren2", base, False))


@case
def sequences(talk):
    a = talk.client("A")
    a.ask(create(talk.path()))
    for name, flags in (("/a", 2), ("/plain", 0), ("/b", 3), ("/", 2), ("/plain", 0), ("/c", 2)):
        a.ask(create(talk.path(name), flags=flags))
    a.ask(request("delete", talk.path("/plain"), ANY), create(talk.path("/d"), flags=2, operation="create2"))
    a.ask(multi(create(talk.path("/m"), flags=2), create(talk.path("/m"), flags=2), request("check", talk.path("/missing"), 0)))
    a.ask(multi(create(talk.path("/m"), flags=2), create(talk.path("/m"), flags=3, operation="create2")))
    a.ask(create(talk.path("/k"), flags=2, operation="createContainer"), request("getChildren2", talk.path(), False))


@case
def kinds_of_nodes(talk):
    a, b = talk.client("A"), talk.client("B")
    a.ask(create(talk.path()))
    for flags in (0, 1, 4):
        for operation in CREATES:
            path = talk.path(f"/{operation}{flags}")
            a.ask(create(path, b"d", flags=flags, operation=operation), request("exists", path, False))
    b.ask(request("setData", talk.path("/create1"), b"by another", ANY), request("delete", talk.path("/create21"), ANY))
    for prefix in (None, "", "/", talk.path(), talk.path("/cre"), "/nothing"):
        a.ask(request("getEphemerals", prefix))
    b.ask(request("getEphemerals", None))
    a.ask(multi(create(talk.path("/m4"), flags=4), create(talk.path("/m0"))))
    b.ask(request("addWatch", talk.path(), 1), request("getChildren", talk.path(), True))
    a.ask(request("closeSession"), closes=True)
    b.ask(request("getChildren2", talk.path(), False), request("getAllChildrenNumber", talk.path()))


@case
def multis(talk):
    a = talk.client("A")
    base = talk.path()
    a.ask(create(base))
    a.ask(create(base + "/closed"), create(base + "/closed/x"), request("setACL", base + "/closed", NOBODY, ANY))
    a.ask(create(base + "/full"), create(base + "/full/x"), create(base + "/ephemeral", flags=1))
    a.ask(multi(), multi(request("check", base, 0)), request("exists", base, False))
    good = create(base + "/good")
    bad = [create("bad"), create(base + "/no/x"), create(base + "/closed/y"), create(base + "/full"), create(base + "/ephemeral/x"),
           create(base + "/y", acl=[]), create(base + "/full", operation="create2"), create(base + "/y", flags=9),
           request("delete", "/", ANY), request("delete", base + "/no", ANY), request("delete", base + "/closed/x", ANY),
           request("delete", base + "/full", 5), request("delete", base + "/full", ANY), request("setData", "bad", b"", ANY),
           request("setData", base + "/no", b"", ANY), request("setData", base + "/closed", b"", ANY),
           request("setData", base + "/full", b"", 5), request("check", "bad", ANY), request("check", base + "/no", ANY),
           request("check", base + "/closed", ANY), request("check", base + "/full", 5)]
    for op in bad:
        a.ask(multi(good, op, good), multi(op))
    a.ask(request("getChildren2", base, False))
    a.ask(multi(create(base + "/a"), create(base + "/a/b", b"1", operation="create2"), request("setData", base + "/a/b", b"22", 0),
                request("check", base + "/a/b", 1), request("delete", base + "/a/b", 1), create(base + "/a/b"),
                request("setData", base + "/a", None, ANY), create(base + "/k", operation="createContainer")))
    a.ask(request("getChildren2", base, False), request("getChildren2", base + "/a", False))
    for op in (create(base + "/y", flags=5), request("getData", base, False),
               request("exists", base, False), request("setACL", base, WORLD, ANY), unknown(77)):
        a.ask(multi(good, op))
    whole = multi(good, good).body
    for cut in (0, 3, 8, 9, 20, len(whole) - 9, len(whole) - 1):
        a.ask(malformed("multi", whole[:cut]))
    a.ask(malformed("multi", whole + b"more"), request("exists", base + "/good", False))


@case
def multis_of_creates(talk):
    a = talk.client("A")
    base = talk.path()
    a.ask(create(base), create(base + "/closed"), request("setACL", base + "/closed", NOBODY, ANY), create(base + "/ephemeral", flags=1))
    for operation in CREATES:
        for op in (create("bad", operation=operation), create(base + "/no/x", operation=operation),
                   create(base + "/closed/x", operation=operation), create(base + "/closed", operation=operation),
                   create(base + "/ephemeral/x", operation=operation), create(base + "/x", acl=[], operation=operation),
                   create(base + "/x", flags=9, operation=operation)):
            a.ask(multi(op, create(base + "/x", operation=operation)))
    for flags, ttl in ((5, 1000), (6, 1000), (5, 0)):
        a.ask(multi(wire.Request("createTTL", base + "/x", b"", WORLD, flags, ttl), request("setData", base, b"", ANY), request("check", base, ANY)))
    a.ask(request("getChildren2", base, False))
    a.ask(multi(wire.Request("createTTL", base + "/x", b"", WORLD, 0, 5), request("delete", base + "/x", ANY)))


@case
def multi_reads(talk):
    a = talk.client("A")
    base = talk.path()
    a.ask(create(base, b"data"), create(base + "/child"), create(base + "/closed", None), request("setACL", base + "/closed", NOBODY, ANY))
    a.ask(multi(operation="multiRead"))
    a.ask(multi(request("getData", base, True), request("getData", base + "/no", False), request("getChildren", base, True),
                request("getChildren", base + "/no", False), request("getData", base + "/closed", False),
                request("getChildren", base + "/closed", False), operation="multiRead"))
    a.ask(request("setData", base, b"", ANY))
    for op in (create(base + "/x"), request("exists", base, False), request("getChildren2", base, False)):
        a.ask(multi(op, operation="multiRead"))


@case
def watches_once(talk):
    a, b = talk.client("A"), talk.client("B")
    base, node = talk.path(), talk.path("/node")
    b.ask(create(base))
    a.ask(request("exists", node, True), request("getData", node, True), request("getChildren", node, True),
          request("getChildren2", base, True), request("checkWatches", node, 2), request("checkWatches", node, 1))
    b.ask(create(node))
    b.ask(request("setData", node, b"1", ANY), create(base + "/other"))
    a.ask(request("getData", node, True), request("exists", node, True), request("getChildren", node, True), request("getChildren", base, True))
    b.ask(request("setACL", node, WORLD, ANY), request("setData", node, b"1", 5), create(node))
    b.ask(request("setData", node, b"1", ANY), request("setData", node, b"1", ANY))
    a.ask(request("getData", node, True), request("getChildren", base, True))
    b.ask(request("delete", node, ANY))
    a.ask(request("exists", node, True))
    a.ask(create(node), request("exists", node, True), request("setData", node, b"own", ANY), request("getData", node, False))
    a.ask(request("getData", node, True), request("getChildren", node, True), request("getChildren", base, True))
    b.ask(multi(create(node + "/x"), request("setData", node, b"", ANY), request("delete", node + "/x", ANY), request("delete", node, ANY)))
    a.ask(request("exists", node, True), request("getChildren", base, True))
    b.ask(multi(create(node), request("check", base, 7)))
    b.ask(create(node, flags=1))
    a.ask(request("exists", node, True), request("getChildren", base, True))
    b.ask(request("closeSession"), closes=True)


@case
def watches_that_stay(talk):
    a, b = talk.client("A"), talk.client("B")
    base, node = talk.path(), talk.path("/node")
    b.ask(create(base))
    a.ask(request("addWatch", base, 0), request("addWatch", base, 2), request("addWatch", base, -1))
    for _ in range(2):
        b.ask(create(node), request("setData", node, b"", ANY), request("setData", base, b"", ANY), request("delete", node, ANY))
    a.ask(request("checkWatches", base, 3), request("removeWatches", base, 3), request("removeWatches", base, 3))
    b.ask(create(node), request("setData", base, b"", ANY))
    a.ask(request("addWatch", base, 1))
    b.ask(create(node + "/deep"), request("setData", node + "/deep", b"", ANY), request("delete", node + "/deep", ANY),
          request("setData", base, b"", ANY), multi(request("delete", node, ANY), create(node)))
    a.ask(request("getData", node, True), request("getChildren", node, True))
    b.ask(create(node + "/x"), request("delete", node + "/x", ANY), request("delete", node, ANY))
    a.ask(request("removeWatches", base, 3))
    b.ask(create(node))


@case
def watches_checked_and_removed(talk):
    a, b = talk.client("A"), talk.client("B")
    base = talk.path()
    a.ask(create(base))
    for arm in (request("getData", base, True), request("exists", base, True), request("getChildren", base, True)):
        for remove in (0, 1, 2, 3, 6, -1):
            a.ask(arm, *(request("checkWatches", base, kind) for kind in (1, 2, 3)))
            a.ask(request("removeWatches", base, remove), request("checkWatches", base, 3))
            b.ask(request("checkWatches", base, 3))
            a.ask(request("removeWatches", base, 3))
    b.ask(request("setData", base, b"", ANY), create(base + "/x"))
    a.ask(request("checkWatches", base + "/x", 3), request("removeWatches", base + "/x", 1))


@case
def watches_set_again(talk):
    a, b = talk.client("A"), talk.client("B")
    base = talk.path()
    names = ["/same", "/changed", "/gone", "/child", "/again"]
    b.ask(create(base), *(create(base + name) for name in names))
    a.ask(request("exists", base, False))
    seen = a.zxid
    b.ask(request("setData", base + "/changed", b"", ANY), request("delete", base + "/gone", ANY), create(base + "/child/x"),
          request("delete", base + "/again", ANY), create(base + "/again"), create(base + "/new"))
    paths = [base + name for name in names + ["/new", "/never"]]
    a.ask(request("setWatches", seen, paths, [], []))
    a.ask(request("setWatches", seen, [], paths, []))
    a.ask(request("setWatches", seen, [], [], paths))
    a.ask(request("setWatches", 2**62, paths, paths, paths), request("setWatches", 0, [base], [], [base]))
    for lists in ((None, [], []), ([], None, []), ([], [], None)):
        a.ask(request("setWatches", 0, *lists), request("setWatches2", 0, *lists, [], []))
    a.ask(request("setWatches2", 0, [], [], [], None, []), request("setWatches2", 0, [], [], [], [], None))
    a.ask(request("setWatches2", seen, [], [], [], [base + "/stays"], [base + "/deep"]))
    b.ask(create(base + "/never"), request("setData", base + "/same", b"", ANY), create(base + "/child/y"), create(base + "/same/z"))
    b.ask(request("setData", base + "/same", b"", ANY), request("delete", base + "/child/y", ANY), create(base + "/deep"),
          create(base + "/deep/x"), request("setData", base + "/deep/x", b"", ANY))
    for _ in range(2):
        b.ask(create(base + "/stays"), request("setData", base + "/stays", b"", ANY), request("delete", base + "/stays", ANY))


@case
def permissions(talk):
    a, b = talk.client("A"), talk.client("B")
    node = talk.path("/node")
    a.ask(request("auth", 0, "digest", b"user:pass"), request("whoAmI"))
    a.ask(create(talk.path()), create(node, acl=[(31, "auth", "")]), request("getACL", node))
    for op in ("exists", "getData", "getChildren", "getChildren2"):
        b.ask(request(op, node, True))
    b.ask(request("getACL", node), request("getAllChildrenNumber", node), request("setData", node, b"", ANY), request("setData", node, b"", 9),
          request("setACL", node, WORLD, 9), request("setACL", node, [], ANY), create(node + "/x"), request("delete", node, ANY),
          request("delete", node + "/x", ANY), request("sync", node), request("addWatch", node, 0))
    a.ask(request("setACL", node, [(1, "world", "anyone"), (30, "digest", "user:hash"), (31, "auth", None)], ANY))
    b.ask(request("getACL", node), request("auth", 0, "digest", b"super:secret"), request("whoAmI"), request("setACL", node, NOBODY, ANY),
          request("getACL", node), create(node + "/x"), request("setData", "/zookeeper/config", b"", ANY),
          request("setData", "/zookeeper/config", b"", 0))


NULL_ACLS = {"world": [(1, "world", None)], "scheme": [(1, None, "x")], "both": [(1, None, None)], "digest": [(1, "digest", None)],
             "ip": [(1, "ip", None)], "auth": [(1, "auth", None)], "list": None}
ACLS = [
    [], [(0, "world", "anyone")], [(255, "world", "anyone")], [(-1, "world", "anyone")], [(1, "world", "all")], [(1, "world", "")],
    [(1, "", "")], [(31, "auth", "")], [(1, "digest", "u")], [(1, "digest", "u:")], [(1, "digest", "u:h")], [(1, "digest", "u:h:")],
    [(1, "digest", "u:h:i")], [(1, "digest", ":h")], [(1, "digest", ":")], [(1, "digest", "")], [(1, "ip", "127.0.0.1")],
    [(1, "ip", "127.0.0.1/8")], [(1, "ip", "127.0.0.1/32")], [(1, "ip", "127.0.0.1/33")], [(1, "ip", "127.0.0.1/0")],
    [(1, "ip", "127.0.0.1/-1")], [(1, "ip", "127.0.0.1/")], [(1, "ip", "127.0.0")], [(1, "ip", "256.0.0.1")], [(1, "ip", "a.b.c.d")],
    [(1, "ip", "")], [(1, "super", "")], [(1, "sasl", "u")], [(1, "x509", "CN=u")], [(1, "nonsense", "u")], WORLD + WORLD,
    [(1, "world", "anyone"), (2, "world", "anyone"), (1, "world", "anyone")], WORLD + [(1, "super", "")], WORLD + [(31, "auth", "")]]


@case
def acl_lists(talk):
    a = talk.client("A")
    a.ask(create(talk.path()))
    for who in (None, b"one:1"):
        if who is not None:
            a.ask(request("auth", 0, "digest", who))
        for acl in ACLS:
            node = talk.path("/x")
            a.ask(create(node, acl=acl), request("getACL", node), request("delete", node, ANY))
            a.ask(create(node), request("setACL", node, acl, 0), request("getACL", node), request("delete", node, ANY))
            a.ask(multi(create(node, acl=acl), request("delete", node, ANY)))


@case
def acl_lists_of_several(talk):
    a = talk.client("A")
    a.ask(request("auth", 0, "digest", b"one:1"), request("auth", 0, "digest", b"two:2"))
    a.ask(create(talk.path(), acl=[(31, "auth", "")]), request("getACL", talk.path()))
    a.ask(multi(create(talk.path("/x"), acl=None)))


@case
def authentication(talk):
    a = talk.client("A")
    a.ask(request("whoAmI"), request("auth", 0, "digest", b"user:pass"), request("auth", 7, "digest", b"user:pass"),
          request("auth", 0, "digest", b"no colon"), request("auth", 0, "digest", b""), request("auth", 0, "digest", b"u:p:q"),
          request("auth", 0, "ip", b""), request("auth", 0, "ip", None), request("whoAmI"))
    for name, scheme, data in (("B", "nonsense", b"x"), ("C", "digest", None), ("D", "world", b""), ("E", "auth", b""),
                               ("F", "super", b""), ("G", None, b""), ("H", "", b"")):
        talk.client(name).ask(request("auth", 0, scheme, data), closes=True)


@case
def authentication_cut_short(talk):
    auth, sasl = request("auth", 0, "digest", b"user:pass").body, request("sasl", b"token").body
    for at, (operation, body) in enumerate(((o, b[:cut]) for o, b in (("auth", auth), ("sasl", sasl)) for cut in (0, 3, 5, len(b) - 1))):
        talk.client(f"C{at}").ask(malformed(operation, body))


@case
def sasl_without_a_mechanism(talk):
    a = talk.client("A")
    a.ask(request("sasl", b"token"))
    a.ask(request("whoAmI"))
    talk.client("B").ask(request("sasl", None), closes=True)


@case
def reconfiguration(talk):
    talk.client("A").ask(request("reconfig", "server.9=127.0.0.1:1:2", None, None, ANY), request("reconfig", None, None, None, 5))


@case
def handshakes(talk):
    for name, read_only in (("A", None), ("B", False), ("C", True)):
        client = talk.client(name, connected=False)
        client.connect(read_only=read_only)
        client.ask(request("ping"), request("whoAmI"))
        client.hang_up()
        client.connect(read_only=read_only)
        client.ask(request("ping"))
    for name, timeout in (("D", -1), ("E", 0), ("F", 3999), ("G", 4001), ("H", 2**31 - 1)):
        talk.client(name, connected=False).connect(timeout=timeout)
    for name, password in (("I", None), ("J", b""), ("K", b"short"), ("L", b"much longer than sixteen bytes")):
        talk.client(name, connected=False).connect(password=password)
    for name, read_only in (("M", None), ("N", False)):
        talk.client(name, connected=False).connect(session=0x1234567890abcdef, password=bytes(16), read_only=read_only)
    talk.client("O", connected=False).connect(last_zxid=2**63 - 1)


@case
def sessions_resumed(talk):
    a, b = talk.client("A"), talk.client("B")
    a.ask(create(talk.path()), create(talk.path("/ephemeral"), flags=1), request("exists", talk.path("/x"), True))
    a.hang_up()
    a.connect(timeout=8000, last_zxid=a.zxid)
    b.ask(create(talk.path("/x")))
    a.ask(request("getEphemerals", None), request("exists", talk.path("/x"), True))
    thief = talk.client("T", connected=False)
    thief.connect(session=a.session, password=a.password)
    a._until_closed()
    thief.ask(request("getEphemerals", None), request("closeSession"), closes=True)
    b.ask(request("exists", talk.path("/ephemeral"), False))
    a.connect()


@case
def frames_that_cannot_be(talk):
    bodies = {"A": struct.pack(">i", 0), "B": struct.pack(">i", -1), "C": struct.pack(">i", 2**31 - 1), "D": struct.pack(">i", 1048576),
              "E": struct.pack(">ii", 4, 1), "F": struct.pack(">ih", 2, 1)}
    for name, data in bodies.items():
        talk.client(name).ask_bytes("bytes", data)
    for name, data in {"a": struct.pack(">i", -1), "b": struct.pack(">i", 0), "c": struct.pack(">ii", 4, 0),
                       "d": struct.pack(">i", 2**31 - 1)}.items():
        fresh = talk.client(name, connected=False)
        fresh.connect(quiet=True)
        fresh.ask_bytes("bytes", data)
    g = talk.client("G")
    g.ask(create(talk.path()), request("setData", talk.path(), bytes(1000000), ANY), request("exists", talk.path(), False))
    room = 1048575 - len(request("setData", talk.path(), b"", ANY).body) - 8
    g.ask(request("setData", talk.path(), bytes(room), ANY))
    g.ask(request("setData", talk.path(), bytes(room + 1), ANY), closes=True)


@case
def unknown_operations(talk):
    for name, opcode in (("A", 0), ("B", -1), ("C", 10), ("D", 23), ("E", 99), ("F", 108), ("G", 2**31 - 1), ("H", -2**31)):
        talk.client(name).ask(unknown(opcode), closes=True)
    talk.client("I").ask(unknown(77, b"body"), closes=True)


@case
def operations_of_servers(talk):
    a = talk.client("A")
    a.ask(create(talk.path()), create(talk.path("/container"), operation="createContainer"))
    a.ask(request("deleteContainer", talk.path("/container")))
    talk.client("B").ask(request("check", talk.path(), 0))
    talk.client("C").ask(request("check", talk.path(), 5))
    talk.client("D").ask(request("createSession", 10000))


@case
def ends(talk):
    a, b = talk.client("A"), talk.client("B")
    a.ask(create(talk.path(), flags=1))
    b.ask(request("exists", talk.path(), True))
    a.ask(request("ping"), request("setData", talk.path(), b"", ANY), request("closeSession"), closes=True)
    b.ask(request("exists", talk.path(), False))
    b.ask(malformed("closeSession", b"more"), closes=True)


@case
def time_to_live(talk):
    a = talk.client("A")
    for flags, ttl in ((5, 1000), (6, 1000), (5, 0), (0, 5)):  # flags 0 with ttl -1 ends ZooKeeper 3.8
        a.ask(wire.Request("createTTL", talk.path(), b"", WORLD, flags, ttl), wire.Request("createTTL", "bad", b"", None, flags, ttl))
    a.ask(create(talk.path(), flags=5, operation="createContainer"))
