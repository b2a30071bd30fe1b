"""No write is answered before a majority has synced it: a trace of the servers' system calls beside what a client is told.

    python3 -m chaos.synced                          from tests/; --help for what may be changed

One client writes, one write at a time, at a follower and at the leader. Between its sending of each and the answer at least two of the
three servers must have begun a sync of their log and come back from it.
"""

import argparse
import asyncio
import contextlib
import re
import subprocess
import sys
import time

from chaos.power_cuts import CutEnsemble
from interop.cluster import eventually
from support.raw_client import RawClient, create, set_data

MAJORITY = 2
# strace -ttt -T: when the call was made and how long it took, in one line or in two.
_WHOLE = re.compile(r"^\d+ +([\d.]+) fdatasync\(\d+<[^>]*/log-[^>]*>\) += 0 <([\d.]+)>")
_BEGUN = re.compile(r"^(\d+) +([\d.]+) fdatasync\(\d+<[^>]*/log-[^>]*> <unfinished")
_ENDED = re.compile(r"^(\d+) +([\d.]+) <\.\.\. fdatasync resumed>\) += 0")


@contextlib.contextmanager
def traced(server):
    """The file with the trace of what one server syncs."""
    file = server.dir / "syncs"
    trace = subprocess.Popen(["strace", "-f", "-y", "-ttt", "-T", "-e", "trace=fdatasync", "-o", file, "-p", str(server.process.pid)],
                             stderr=subprocess.PIPE, text=True)
    try:
        assert "attached" in trace.stderr.readline(), "strace did not attach to the server"
        yield file
    finally:
        trace.terminate()
        trace.communicate()


def syncs(file):
    """(begun, ended) of each sync of the log that came back well, in seconds since 1970."""
    found, begun = [], {}
    for line in file.read_text().splitlines():
        if whole := _WHOLE.match(line):
            found.append((float(whole[1]), float(whole[1]) + float(whole[2])))
        elif part := _BEGUN.match(line):
            begun[part[1]] = float(part[2])
        elif (part := _ENDED.match(line)) and part[1] in begun:
            found.append((begun.pop(part[1]), float(part[2])))
    return found


async def write(server, count):
    """When each write was sent, and when it was answered."""
    client = RawClient()
    await client.connect(server.address)
    path = f"/synced-{server.id}"
    await client.call(create(path))
    seen = []
    for number in range(count):
        sent = time.time()
        await client.call(set_data(path, b"%d" % number))
        seen.append((sent, time.time()))
    await client.close()
    return seen


def too_early(writes, traces):
    """The writes that were answered before a majority had synced."""
    for number, (sent, answered) in enumerate(writes):
        servers = sum(any(sent <= begun and ended <= answered for begun, ended in trace) for trace in traces)
        if servers < MAJORITY:
            yield f"write {number} was answered when {servers} servers had synced since it was sent"


def run(writes, lying):
    with CutEnsemble(3, lying=lying) as ensemble, contextlib.ExitStack() as stack:
        ensemble.wait_voting()
        leader = ensemble.wait_leader()
        follower = next(server for server in ensemble.servers if server is not leader)
        files = [stack.enter_context(traced(server)) for server in ensemble.servers]
        seen = [*asyncio.run(write(follower, writes)), *asyncio.run(write(leader, writes))]
        # What was traced is in the file when the last of it is.
        eventually(lambda: lying or sum(bool(syncs(file)) and syncs(file)[-1][1] >= seen[-1][0] for file in files) >= MAJORITY,
                   "the last write's syncs are in the traces")
        return list(too_early(seen, [syncs(file) for file in files]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--writes", type=int, default=100, help="at each of the two servers (default 100)")
    parser.add_argument("--lying", action="store_true", help="syncs do nothing: passes if that is noticed")
    arguments = parser.parse_args()
    wrong = run(arguments.writes, arguments.lying)
    for each in wrong[:10]:
        print(each)
    passed = bool(wrong) == arguments.lying
    print(f"{'passed' if passed else 'FAILED'}: {2 * arguments.writes} writes, {len(wrong)} answered too early"
          f"{', with syncs that do nothing' if arguments.lying else ''}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
