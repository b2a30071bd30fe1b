"""Muster answers what ZooKeeper answers, frame by frame: the cases of golden/manifest.py are played against musterd and compared
with the recording of ZooKeeper 3.8 (golden/zookeeper-3.8.txt). Where they may differ, golden/exceptions.py says why."""

import collections
import re
import unittest

from interop.golden import recording
from interop.golden.exceptions import EXCEPTIONS
from interop.golden.manifest import CELLS, CLOSED, ERRORS, NOWHERE, cases
from interop.golden.wire import OPERATIONS

NOT_OPERATIONS = ("connect", "bytes")


def outcomes(exchanges):
    """The pairs (operation, error) that came up. Those inside a multi are named multi.<operation>."""
    found = set()
    for asked, answers in exchanges:
        for line in answers:
            if match := re.match(r"\w+< (\w+)(?: -?\d+)? error=(-?\d+)", line):
                found.add((match[1], int(match[2])))
        if answers and answers[-1].endswith("< closed") and (match := re.match(r"\w+> ([a-zA-Z]\w*)", asked.splitlines()[-1])):
            found.add((match[1], CLOSED))
        requests = [line for line in asked.splitlines() if re.match(r"\w+> multi(Read)? ", line)]
        replies = [line for line in answers if re.match(r"\w+< multi(Read)? error=", line)]
        for request, reply in zip(requests, replies):
            name = request.split()[1]
            parts = re.findall(r" (\w+)\{", request)
            results = re.findall(r" (?:error=(-?\d+)|\w+\{(?! cz))", reply)[1:]
            found |= {(f"{name}.{part}", int(result or 0)) for part, result in zip(parts, results)}
    return found


class Recording(unittest.TestCase):
    """The manifest and the recording belong together."""

    recorded = recording.read()

    def test_every_case_is_recorded(self):
        self.assertEqual(list(self.recorded), list(cases()))

    def test_the_cells_of_the_table_came_up_and_no_others(self):
        found = set().union(*map(outcomes, self.recorded.values()))
        wanted = {(operation, error) for operation, errors in CELLS.items() for error in errors}
        found = {cell for cell in found if cell[0] not in NOT_OPERATIONS}
        self.assertEqual(sorted(map(str, wanted - found)), [], "not tested")
        self.assertEqual(sorted(map(str, found - wanted)), [], "not in the table")

    def test_the_table_has_every_operation_and_every_error(self):
        self.assertEqual({row for row in CELLS if "." not in row}, {*OPERATIONS, "opcode"})
        self.assertEqual({error for row in CELLS.values() for error in row if error != CLOSED} | set(NOWHERE), set(ERRORS))


class Comparison:
    recorded = Recording.recorded

    def compare(self, address):
        played = recording.play(address)
        used = collections.Counter()
        different = []
        for name, recorded in self.recorded.items():
            self.assertEqual([asked for asked, _ in played[name]], [asked for asked, _ in recorded], f"{name}: other requests")
            for (asked, theirs), (_, ours) in zip(recorded, played[name]):
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


class Standalone(Comparison, unittest.TestCase):
    def test_answers_are_those_of_zookeeper(self):
        with recording.AsItComes("muster") as alone:
            self.compare(alone.servers[0].address)


class Follower(Comparison, unittest.TestCase):
    def test_answers_are_those_of_zookeeper(self):
        with recording.AsItComes("muster", 3) as ensemble:
            self.compare(ensemble.wait_follower().address)


class Leader(Comparison, unittest.TestCase):
    def test_answers_are_those_of_zookeeper(self):
        with recording.AsItComes("muster", 3) as ensemble:
            self.compare(ensemble.wait_leader().address)


if __name__ == "__main__":
    unittest.main()
