"""ZooKeeper's frames as values with names: requests from one table of fields, replies and events back into fields.

Reading is strict: a byte that belongs to no field, or a field that ends too early, shows in the decoded value.
"""

import struct

from support.raw_client import buffer

WORLD = [(31, "world", "anyone")]
ANY = -1

# operation: (opcode, fields of the request, fields of the reply). A field is name:type.
_ACL, _STAT = "acl:acls", "stat:stat"
_CREATE = f"path:string data:buffer {_ACL} flags:int"
OPERATIONS = {
    "create": (1, _CREATE, "path:string"),
    "delete": (2, "path:string version:int", ""),
    "exists": (3, "path:string watch:bool", _STAT),
    "getData": (4, "path:string watch:bool", f"data:buffer {_STAT}"),
    "setData": (5, "path:string data:buffer version:int", _STAT),
    "getACL": (6, "path:string", f"{_ACL} {_STAT}"),
    "setACL": (7, f"path:string {_ACL} version:int", _STAT),
    "getChildren": (8, "path:string watch:bool", "children:names"),
    "sync": (9, "path:string", "path:string"),
    "ping": (11, "", ""),
    "getChildren2": (12, "path:string watch:bool", f"children:names {_STAT}"),
    "check": (13, "path:string version:int", ""),
    "multi": (14, "", ""),
    "createSession": (-10, "timeout:int", ""),
    "reconfig": (16, "joining:string leaving:string members:string version:long", f"data:buffer {_STAT}"),
    "sasl": (102, "token:buffer", "token:buffer"),
    "create2": (15, _CREATE, f"path:string {_STAT}"),
    "checkWatches": (17, "path:string type:int", ""),
    "removeWatches": (18, "path:string type:int", ""),
    "createContainer": (19, _CREATE, f"path:string {_STAT}"),
    "deleteContainer": (20, "path:string", ""),
    "createTTL": (21, f"{_CREATE} ttl:long", f"path:string {_STAT}"),
    "multiRead": (22, "", ""),
    "auth": (100, "type:int scheme:string auth:buffer", ""),
    "setWatches": (101, "since:zxid data:strings exist:strings child:strings", ""),
    "getEphemerals": (103, "prefix:string", "ephemerals:names"),
    "getAllChildrenNumber": (104, "path:string", "number:int"),
    "setWatches2": (105, "since:zxid data:strings exist:strings child:strings persistent:strings recursive:strings", ""),
    "addWatch": (106, "path:string mode:int", "error:int"),
    "whoAmI": (107, "", "clients:clients"),
    "closeSession": (-11, "", ""),
}
WRITES = {"create", "create2", "createContainer", "createTTL", "delete", "setData", "setACL", "multi", "closeSession"}
_IN_MULTI = {1: "create", 2: "delete", 4: "getData", 5: "setData", 8: "getChildren", 13: "check", 15: "create2"}
_STAT_FIELDS = [("czxid", "zxid"), ("mzxid", "zxid"), ("ctime", "time:czxid"), ("mtime", "time:mzxid"), ("version", "int"),
                ("cversion", "int"), ("aversion", "int"), ("owner", "session"), ("dataLength", "int"), ("numChildren", "int"),
                ("pzxid", "zxid")]


def _fields(text):
    return [tuple(field.split(":")) for field in text.split()]


def _vector(items, encode):
    return struct.pack(">i", -1) if items is None else struct.pack(">i", len(items)) + b"".join(map(encode, items))


def encode_string(text):
    return buffer(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)


def _encode_acl(entry):
    perms, scheme, identity = entry
    return struct.pack(">i", perms) + encode_string(scheme) + encode_string(identity)


_ENCODERS = {
    "int": struct.Struct(">i").pack, "long": struct.Struct(">q").pack, "zxid": struct.Struct(">q").pack,
    "session": struct.Struct(">Q").pack, "bool": struct.Struct(">?").pack, "string": encode_string, "buffer": buffer,
    "password": buffer, "acls": lambda acls: _vector(acls, _encode_acl), "strings": lambda items: _vector(items, encode_string),
}


class Request:
    """One request: its operation by name, its fields, its bytes."""

    def __init__(self, operation, *values, body=None, opcode=None, parts=()):
        self.operation, self.parts = operation, parts
        self.opcode, fields = (opcode, "") if opcode is not None else OPERATIONS[operation][:2]
        self.fields = [(name, kind, value) for (name, kind), value in zip(_fields(fields), values)]
        assert body is not None or len(values) == len(_fields(fields)), f"{operation} takes {fields}"
        self.raw = body
        if body is None:
            body = b"".join(_ENCODERS[kind](value) for _, kind, value in self.fields)
        self.body = body


def request(operation, *values):
    return Request(operation, *values)


def malformed(operation, body):
    """A request whose body is these bytes, whatever the operation asks for."""
    return Request(operation, body=body)


def unknown(opcode, body=b""):
    return Request(f"opcode {opcode}", body=body, opcode=opcode)


def create(path, data=b"", acl=WORLD, flags=0, operation="create"):
    return Request(operation, path, data, acl, flags)


def multi(*ops, operation="multi"):
    """Several requests as one."""
    body = b"".join(struct.pack(">i?i", op.opcode, False, -1) + op.body for op in ops) + struct.pack(">i?i", -1, True, -1)
    return Request(operation, body=body, parts=ops)


def connect_frame(last_zxid, timeout, session, password, read_only):
    """The handshake; read_only None leaves its byte out, as old clients do."""
    body = struct.pack(">iqiQ", 0, last_zxid, timeout, session) + buffer(password)
    return body if read_only is None else body + struct.pack(">?", read_only)


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def unpack(self, layout):
        size = struct.calcsize(layout)
        if self.at + size > len(self.data):
            raise EOFError
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += size
        return values[0]

    def bytes(self):
        length = self.unpack(">i")
        if length < 0:
            return None
        if self.at + length > len(self.data):
            raise EOFError
        self.at += length
        return self.data[self.at - length:self.at]

    def string(self):
        data = self.bytes()
        return None if data is None else data.decode("utf-8", "surrogateescape")

    def vector(self, item):
        count = self.unpack(">i")
        return None if count < 0 else [item() for _ in range(count)]

    def value(self, kind):
        if kind == "stat":
            return [(name, what, self.unpack({"int": ">i", "session": ">Q"}.get(what, ">q"))) for name, what in _STAT_FIELDS]
        if kind == "acls":
            return self.vector(lambda: (self.unpack(">i"), self.string(), self.string()))
        if kind == "clients":
            return self.vector(lambda: (self.string(), self.string()))
        if kind in ("names", "strings"):
            return self.vector(self.string)
        if kind in ("buffer", "password"):
            return self.bytes()
        if kind == "string":
            return self.string()
        return self.unpack({"int": ">i", "bool": ">?", "session": ">Q"}.get(kind, ">q"))

    def fields(self, text):
        return [(name, kind, self.value(kind)) for name, kind in _fields(text)]


def _decode(data, fields):
    """The fields of these bytes; what does not fit is shown as bytes."""
    reader = _Reader(data)
    try:
        values = fields(reader)
    except EOFError:
        return [("short", "buffer", data)]
    rest = data[reader.at:]
    return values + ([("rest", "buffer", rest)] if rest else [])


def decode_connect(data):
    """Fields of the handshake's reply; readOnly only if its byte is there."""
    read_only = " readOnly:bool" if len(data) > 36 else ""
    return _decode(data, lambda reader: reader.fields(f"protocol:int timeout:int session:session password:password{read_only}"))


def decode_event(body):
    return _decode(body, lambda reader: reader.fields("type:int state:int path:string"))


def _multi_results(reader):
    results = []
    while True:
        kind, done, error = reader.unpack(">i"), reader.unpack(">?"), reader.unpack(">i")
        if done:
            return results + ([] if (kind, error) == (-1, -1) else [("end", "int", kind), ("error", "int", error)])
        if kind == -1:
            results.append(("error", "int", error))
            inner = reader.unpack(">i")
            if inner != error:
                results.append(("inner", "int", inner))
        else:
            fields = reader.fields(OPERATIONS[_IN_MULTI[kind]][2]) if kind in _IN_MULTI else []
            results.append((_IN_MULTI.get(kind, f"type {kind}"), "result", fields))
            if error != 0:
                results.append(("error", "int", error))


def decode_reply(asked, error, body):
    if error != 0 or asked.operation not in OPERATIONS:
        return [("rest", "buffer", body)] if body else []
    if asked.operation in ("multi", "multiRead"):
        return _decode(body, _multi_results)
    return _decode(body, lambda reader: reader.fields(OPERATIONS[asked.operation][2]))
