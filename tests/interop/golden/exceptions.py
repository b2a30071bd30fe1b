"""Where Muster may answer otherwise than ZooKeeper 3.8, and why. "Since 3.9" means that Muster follows the newer release."""

import collections
import re


class Difference(collections.namedtuple("Difference", "why cases asked zookeeper muster")):
    """`cases`, `asked` and `zookeeper` are patterns for the case, the request and what ZooKeeper answers (one line or all of them);
    `muster` is the pattern for our answer, in which \\1 stands for what the first group of `zookeeper` matched, and so on."""

    def allows(self, name, asked, theirs, ours):
        if not re.fullmatch(self.cases, name) or not re.search(self.asked, asked):
            return False
        match = re.fullmatch(self.zookeeper, theirs)
        if not match:
            return False
        wanted = re.sub(r"\\(\d)", lambda group: re.escape(match[int(group[1])]), self.muster)
        return bool(re.fullmatch(wanted, ours))


_EMPTY_MULTI_BODY = r"rest=b'(?:\\xff){4}\\x01(?:\\xff){4}'"

EXCEPTIONS = [
    Difference("Since 3.9 an event carries the zxid of its transaction.",
               ".*", ".", r"(\w+< event zxid=)-1( .*)", r"\1w\d+\2"),
    Difference("Since 3.9.2 exists needs READ.",
               "permissions", "> exists", r"(B< exists error=)0( zxid=w2).*", r"\1-102\2"),
    Difference("Since 3.9 checkWatches looks at this connection's watches only; 3.8 says yes if anybody watches the path.",
               "paths-checkWatches|watches-checked-and-removed", "> checkWatches", r"(\w+< checkWatches error=)0( zxid=.*)", r"\1-121\2"),
    Difference("Later releases keep a create2 inside a multi what it is; 3.8 answers it as a create.",
               "sequences", r"create2\{", r"(A< multi error=0 .*) create\{ (path=\S+) \}(.*)", r"\1 create2\{ \2 stat\{.*\} \}.*"),
    Difference("Later releases keep a create2 and a createContainer inside a multi what they are.",
               "multis", r"create2\{", r"(A< multi error=0 .*?) create\{ (path='/multis/a/b') \}( setData.*) create\{ (path='/multis/k') \}",
               r"\1 create2\{ \2 stat\{.*\} \}\3 create2\{ \4 stat\{.*\} \}"),
    Difference("A plain create in a multi is never answered as another operation: clients cannot read that.",
               "kinds-of-nodes", r"> multi ", r"(A< multi error=0 zxid=\w+) create2\{ (path=\S+) stat\{.*?\} \}(.*)",
               r"\1 create\{ \2 \}\3"),
    Difference("Later releases cannot read a create without a list of permissions inside a multi.",
               "acl-lists-of-several", r"> multi ", r"A< multi error=0 zxid=w\d+ error=-114", r"A< multi error=-5 zxid=w\d+"),
    Difference("In 3.8 the identities of a client are in the order of a hash table; since 3.9 in that of their arrival.",
               "acl-lists-of-several", r"> getACL", r"(A< getACL error=0 zxid=w1 acl=\[)(\S+) (\S+)(\].*)", r"\1\3 \2\4"),
    Difference("A refusal has no body.",
               "(null-path-)?multi.*", "> multi", rf"(A< multi(?:Read)? error=-5 zxid=\w+) {_EMPTY_MULTI_BODY}", r"\1"),
    Difference("An id that is null makes its list invalid; 3.8 stumbles over it.",
               "null-acl-.*", ":null", r"(A< create error=)-5 zxid=before", r"\1-114 zxid=w1"),
    Difference("Nobody watches what is no path; 3.8 stumbles over it on its way up to the root.",
               "paths-checkWatches", r"path=b'(foo)?'", r"(A< checkWatches error=)-5( zxid=before)", r"\1-121\2"),
    Difference("The empty path is the root, which is not its own descendant; ZooKeeper holds the root under two names.",
               "paths-getAllChildrenNumber", "path=b''", r"(A< getAllChildrenNumber error=0 zxid=before) number=\d+", r"\1 number=\d+"),
    Difference("Bytes that are not UTF-8 come back as they were; Java makes them U+FFFD.",
               "paths-(sync|setWatches)", r"udced.udca0|udcff|surrogate|xed|xff", r"(A< .*)'/(?:\\ufffd)+'", r"\1'/(\\udc..)+'"),
    Difference("Characters outside the basic plane come back as they were; Java makes two of them.",
               "paths-(sync|setWatches)", r"U0001f600", r"(A< .*)'/(?:\\udc..)+'", r"\1'/\\U0001f600'"),
    Difference("An operation for nodes with a time to live makes no others, in a multi as alone; 3.8 makes an ordinary one in a multi.",
               "multis-of-creates", r"createTTL\{.* flags=0 ttl=5", r"(A< multi error=0 zxid=\w+) create\{.*\} delete\{ \}", r"\1 error=-8 error=-2"),
    Difference("The operation by which servers open sessions is refused; 3.8 opens one and says so in a frame that nobody waits for.",
               "operations-of-servers", "> createSession ", "D< unasked frame xid=0 size=37", r"D< createSession error=-6 zxid=-1\nD< closed"),
    Difference("Operations that servers use among themselves are refused.",
               "operations-of-servers", r"(?s)> (check|deleteContainer) ", r"(?:A< deleteContainer error=-8 zxid=w2|C< check error=-103 zxid=w2|)",
               r"(\w)< \w+ error=-6 zxid=-1\n\w< closed"),
]
