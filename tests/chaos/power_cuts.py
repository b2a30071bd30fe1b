"""Cuts the power of all three servers at once, again and again, under load: nothing that was acknowledged is lost.

    python3 -m chaos.power_cuts --cuts 200            from tests/

SIGKILL, and then what was not synced is taken back on the disk of each server: all of it, a part, or nothing.
"""

import argparse
import asyncio
import random
import signal
import sys
import time

from interop.cluster import Ensemble
from support.load import Load
from support.power_cut import PowerCut

OPTIONS = {"checkpoint": "{entries: 1500, bytes: 4000000}"}  # one after about a second of load


class CutEnsemble(Ensemble):
    """Its servers run with the library that notes how to undo."""

    def __init__(self, *arguments, lying=False, **options):
        super().__init__(*arguments, kind="muster", **options)
        self.always = {"MUSTER_SHIM_LIES": "1"} if lying else {}
        self.cuts = {server.id: PowerCut(server.dir, server.dir / "notes") for server in self.servers}
        self.more = {}  # of one server's environment, by its id

    def command(self, server):
        command, environment = super().command(server)
        return command, {**environment, **self.cuts[server.id].environment(**self.always, **self.more.get(server.id, {}))}


async def run(ensemble, arguments, chance, log):
    load = Load(ensemble.servers, writers=9, rate=arguments.rate, survivors_stay=False)
    load.excused.update(ensemble.servers)
    await load.open()
    changes = undone = 0
    try:
        for cut in range(1, arguments.cuts + 1):
            await asyncio.sleep(chance.uniform(0.05, 0.8))
            for server in ensemble.servers:
                server.signal(signal.SIGKILL)
            for server in ensemble.servers:
                await asyncio.to_thread(server.wait)
                of_this, back = ensemble.cuts[server.id].roll_back(chance)
                changes, undone = changes + of_this, undone + back
            started = time.monotonic()
            for server in ensemble.servers:
                server.start()
            await asyncio.to_thread(ensemble.wait_serving)
            await load.until(lambda: all(writer.ready for writer in load.writers), "all sessions have resumed")
            if cut % 10 == 0 or cut == arguments.cuts:
                log(f"{cut} cuts, {len(load.acknowledged):,} writes acknowledged, {changes:,} changes were not synced, "
                    f"{undone:,} parts of them undone; served again after {time.monotonic() - started:.1f} s; "
                    f"{len(load.violations)} violations")
        await load.stop()
        await asyncio.to_thread(ensemble.wait_voting)
        await load.verify()
    finally:
        await load.close()
    return load


def complaints(ensemble):
    """What a power cut alone must never make a server say."""
    return [line for server in ensemble.servers for line in server.log.read_text(errors="replace").splitlines()
            if "does not vote" in line or "thrown away" in line or "CHECK failed" in line]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--rate", type=int, default=2000, help="writes per second, all clients together (default 2000)")
    parser.add_argument("--lying", action="store_true", help="syncs do nothing: the test passes if it notices")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    try:
        with CutEnsemble(3, lying=arguments.lying, muster=OPTIONS) as ensemble:
            load = asyncio.run(run(ensemble, arguments, random.Random(arguments.seed), lambda text: print(text, flush=True)))
            wrong = load.violations + complaints(ensemble)
            if wrong and not arguments.lying:
                ensemble.print_logs()
    except AssertionError as failure:
        wrong = [f"not even that: {failure}"]
    for each in wrong[:20]:
        print(each)
    passed = bool(wrong) == arguments.lying
    print(f"{'passed' if passed else 'FAILED'}: {arguments.cuts} power cuts{' with disks that lie' if arguments.lying else ''}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
