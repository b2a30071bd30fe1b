"""Muster allows and refuses what ZooKeeper allows and refuses: the table of acl_matrix.py, cell by cell."""

import unittest

from interop import acl_matrix
from interop.golden.recording import AsItComes

CELLS = 27 * (11 + 1) * 32


class AclMatrixTest(unittest.TestCase):
    def test_every_cell_is_that_of_zookeeper(self):
        recorded = acl_matrix.read()
        with AsItComes("muster") as server:
            played = acl_matrix.play(server.servers[0].address)
        self.assertEqual(list(played), list(recorded), "other lines than recorded")
        self.assertEqual(32 * len(played), CELLS)
        for key, marks in recorded.items():
            with self.subTest(key):
                if key[1] == "exists":  # ZooKeeper 3.8.0 shows it to everybody; since 3.9.2 it needs READ, as getData does
                    self.assertEqual(marks, "." * 32)
                    marks = recorded[key[0], "getData", key[2]]
                self.assertEqual(played[key], marks)


if __name__ == "__main__":
    unittest.main()
