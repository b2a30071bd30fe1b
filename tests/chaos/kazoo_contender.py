"""kazoo's Lock, as lock_contest.py wants it (lock_contender.cc tells what the lines mean): SERVERS SESSION_MS PATH

Curator sorts what stands behind "lock-"; kazoo's own names ("…__lock__…") are none that it sorts right. So where both compete, kazoo's
nodes are named like this. (Muster's recipes know both.)
"""

import os
import sys
import time

from kazoo.client import KazooClient, KazooState
from kazoo.recipe.lock import Lock


class SharedLock(Lock):
    _NODE_NAME = "-lock-"
    _EXCLUDE_NAMES = ["-lock-"]


def main():
    servers, session_ms, path = sys.argv[1:]
    client = KazooClient(servers, timeout=int(session_ms) / 1000)
    client.add_listener(lambda state: os._exit(3) if state == KazooState.LOST else None)
    client.start(60)
    turn = 0
    while True:
        lock = SharedLock(client, path, "kazoo")
        lock.acquire()
        print("+", time.monotonic_ns(), lock.node[-10:], flush=True)
        time.sleep(turn % 8 / 1000)
        print("-", time.monotonic_ns(), flush=True)
        lock.release()
        turn += 1


if __name__ == "__main__":
    main()
