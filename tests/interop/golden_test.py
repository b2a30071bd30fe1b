"""Muster answers what ZooKeeper answers, frame by frame: the cases of golden/manifest.py are played against musterd and compared
with the recording of ZooKeeper 3.8 (golden/zookeeper-3.8.txt). Where they may differ, golden/exceptions.py says why."""

import collections
import re
import unittest

from interop.golden import recording
from interop.golden.exceptions import EXCEPTIONS
from interop.golden.manifest import CELLS, cases


def outcomes(exchanges):
    """The pairs (operation, error) that came up. Those inside a multi are named multi.<operation>."""
    found = set()
    for asked, answers in exchanges:
        for line in answers:
            if match := re.match(r"\w+< (\w+) error=(-?\d+)", line):
                found.add((match[1], int(match[2])))
        requests = [line for line in asked.splitlines() if re.match(r"\w+> multi(Read)? ", line)]
        replies = [line for line in answers if re.match(r"\w+< multi(Read)? error=", line)]
        for request, reply in zip(requests, replies):
            name = request.split()[1]
            parts = re.findall(r" (\w+)\{", request)
            results = re.findall(r" (?:error=(-?\d+)|\w+\{(?! cz))", reply)[1:]
            found |= {(f"{name}.{part}", int(result or 0)) for part, result in zip(parts, results)}
    return found


class GoldenTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.recorded = recording.read()
        with recording.Standalone("muster") as server:
            cls.played = recording.play(server.servers[0].address)

    def test_every_case_is_recorded(self):
        self.assertEqual(list(self.recorded), list(cases()))

    def test_every_cell_of_the_table_came_up(self):
        found = set().union(*map(outcomes, self.recorded.values()))
        wanted = {(operation, error) for operation, errors in CELLS.items() for error in errors}
        self.assertEqual(sorted(wanted - found), [])

    def test_answers_are_those_of_zookeeper(self):
        used = collections.Counter()
        different = []
        for name, recorded in self.recorded.items():
            played = self.played[name]
            self.assertEqual([asked for asked, _ in played], [asked for asked, _ in recorded], f"{name}: other requests")
            for (asked, theirs), (_, ours) in zip(recorded, played):
                if theirs != ours and not self.excused(name, asked, theirs, ours, used):
                    different.append("\n".join([f"== {name}", asked, *(f"- {line}" for line in theirs), *(f"+ {line}" for line in ours)]))
        self.assertFalse(different, f"{len(different)} answers differ (- ZooKeeper, + Muster)\n" + "\n\n".join(different))
        self.assertEqual([exception for exception in EXCEPTIONS if not used[exception]], [], "not needed any more")

    def excused(self, name, asked, theirs, ours, used):
        """Whether the answers may differ: as a whole, or each of their lines."""
        if self.excuse(name, asked, "\n".join(theirs), "\n".join(ours), used):
            return True
        return len(theirs) == len(ours) and all(
            a == b or self.excuse(name, asked, a, b, used) for a, b in zip(theirs, ours))

    @staticmethod
    def excuse(name, asked, theirs, ours, used):
        for exception in EXCEPTIONS:
            if exception.allows(name, asked, theirs, ours):
                used[exception] += 1
                return True
        return False


if __name__ == "__main__":
    unittest.main()
