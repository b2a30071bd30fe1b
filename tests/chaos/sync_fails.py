"""A disk that can't sync ends its server at once, with one sentence; nothing is acknowledged that was not written, the others go on, and
started again it is brought up to date.

    python3 -m chaos.sync_fails --at 200            from tests/: each of the first 200 syncs fails in turn

Printed, never asserted: how long it takes at most from what it says of the failure to its end.
"""

import argparse
import asyncio
import datetime
import sys

from chaos.power_cuts import OPTIONS, CutEnsemble
from support.load import Load


def seconds_since(line):
    """Of a line of a server's log, which begins with the time."""
    return (datetime.datetime.now() - datetime.datetime.fromisoformat(line[:23])).total_seconds()


async def fail_at(ensemble, load, number, log):
    """How long the server lived on after it had said what failed."""
    victim = ensemble.servers[number % 3]
    victim.kill()
    ensemble.more[victim.id] = {"MUSTER_SHIM_FSYNC_EIO_AT": str(number)}
    said = victim.log.stat().st_size
    victim.start()
    status = await asyncio.to_thread(victim.wait)
    sentence = victim.log.read_bytes()[said:].decode(errors="replace").splitlines()[-1]
    if status <= 0:
        load.violation(f"sync {number} failed, and {victim} ended with status {status}")
    if "cannot sync" not in sentence or "Check the disk" not in sentence:
        load.violation(f"sync {number} failed, and {victim} said at the end: {sentence}")
    took = seconds_since(sentence)
    log(f"sync {number}: {victim} ended with status {status}: {sentence}")
    del ensemble.more[victim.id]
    await asyncio.to_thread(ensemble.wait_leader, [server for server in ensemble.servers if server is not victim])
    gone_on = len(load.acknowledged)
    await load.until(lambda: len(load.acknowledged) > gone_on, "the others go on")
    victim.start()
    await asyncio.to_thread(ensemble.wait_voting)
    await load.until(lambda: all(writer.ready for writer in load.writers), "all sessions have resumed")
    return took


async def run(ensemble, numbers, log):
    load = Load(ensemble.servers, writers=6, rate=1500, survivors_stay=False)
    load.excused.update(ensemble.servers)
    await load.open()
    try:
        slowest = max([await fail_at(ensemble, load, number, log) for number in numbers])
        log(f"ended at most {slowest * 1000:.0f} ms after it had said so")
        await load.stop()
        await load.verify()
    finally:
        await load.close()
    return load.violations


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at", type=int, nargs="+", default=[200],
                        help="a number: each sync up to it fails in turn; several: these")
    arguments = parser.parse_args()
    numbers = arguments.at if len(arguments.at) > 1 else range(1, arguments.at[0] + 1)
    with CutEnsemble(3, muster=OPTIONS) as ensemble:
        wrong = asyncio.run(run(ensemble, numbers, lambda text: print(text, flush=True)))
        if wrong:
            ensemble.print_logs()
    print(f"{'FAILED' if wrong else 'passed'}: {len(numbers)} syncs that failed, {len(wrong)} violations")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
