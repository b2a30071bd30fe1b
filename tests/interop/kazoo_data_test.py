"""kazoo's operations and transactions, connected to the leader and to a follower."""

import os
import unittest

from kazoo.exceptions import (BadVersionError, InvalidACLError, NoChildrenForEphemeralsError, NodeExistsError, NoNodeError,
                              NotEmptyError, RolledBackError, RuntimeInconsistency)
from kazoo.security import ACL, Id, OPEN_ACL_UNSAFE, make_digest_acl

from interop.kazoo_case import WAIT, for_leader_and_follower, setUpModule, tearDownModule


class DataCases:
    def test_create_get_set_delete(self):
        path = self.base + "/a"
        self.assertEqual(self.client.create(path, b"one"), path)
        data, stat = self.client.get(path)
        self.assertEqual(data, b"one")
        self.assertEqual((stat.version, stat.cversion, stat.aversion), (0, 0, 0))
        self.assertEqual((stat.ephemeralOwner, stat.dataLength, stat.numChildren), (0, 3, 0))
        self.assertEqual(stat.czxid, stat.mzxid)
        self.assertEqual(stat.czxid, stat.pzxid)
        self.assertEqual(stat.ctime, stat.mtime)

        changed = self.client.set(path, b"four")
        self.assertEqual((changed.version, changed.dataLength), (1, 4))
        self.assertEqual(changed.czxid, stat.czxid)
        self.assertGreater(changed.mzxid, stat.mzxid)
        self.assertGreaterEqual(changed.mtime, stat.ctime)
        self.assertEqual(changed.ctime, stat.ctime)
        self.assertEqual(self.client.get(path), (b"four", changed))
        self.assertEqual(self.client.exists(path), changed)

        self.client.delete(path)
        self.assertIsNone(self.client.exists(path))

    def test_empty_data_and_unicode_names(self):
        path = self.base + "/größe"
        self.client.create(path)
        self.assertEqual(self.client.get(path)[0], b"")
        self.assertEqual(self.client.get_children(self.base), ["größe"])

    def test_large_data(self):
        data = os.urandom(900_000)
        self.client.create(self.base + "/large", data)
        self.assertEqual(self.client.get(self.base + "/large")[0], data)

    def test_sequential_names(self):
        paths = [self.client.create(self.base + "/n-", sequence=True) for _ in range(3)]
        self.assertEqual(paths, [self.base + f"/n-000000000{n}" for n in range(3)])
        self.client.delete(paths[2])
        self.assertEqual(self.client.create(self.base + "/n-", sequence=True), self.base + "/n-0000000003")
        self.assertEqual(self.client.create(self.base + "/", sequence=True), self.base + "/0000000004")

    def test_ephemeral(self):
        path = self.client.create(self.base + "/e", b"mine", ephemeral=True)
        stat = self.client.exists(path)
        self.assertEqual(stat.ephemeralOwner, self.client.client_id[0])
        with self.assertRaises(NoChildrenForEphemeralsError):
            self.client.create(path + "/child")
        sequential = self.client.create(self.base + "/s-", ephemeral=True, sequence=True)
        self.assertEqual(self.client.exists(sequential).ephemeralOwner, self.client.client_id[0])

    def test_makepath_and_recursive_delete(self):
        self.client.create(self.base + "/x/y/z", b"deep", makepath=True)
        self.assertEqual(self.client.get(self.base + "/x/y/z")[0], b"deep")
        self.client.ensure_path(self.base + "/x/q")
        self.client.delete(self.base + "/x", recursive=True)
        self.assertEqual(self.client.get_children(self.base), [])

    def test_create_with_stat(self):
        path, stat = self.client.create(self.base + "/a", b"abc", include_data=True)
        self.assertEqual(path, self.base + "/a")
        self.assertEqual(stat, self.client.exists(path))

    def test_versions(self):
        path = self.client.create(self.base + "/v")
        self.assertEqual(self.client.set(path, b"1", version=0).version, 1)
        with self.assertRaises(BadVersionError):
            self.client.set(path, b"2", version=0)
        with self.assertRaises(BadVersionError):
            self.client.delete(path, version=0)
        self.assertEqual(self.client.set(path, b"2", version=-1).version, 2)
        self.client.delete(path, version=2)

    def test_errors(self):
        missing = self.base + "/missing"
        for operation in (self.client.get, self.client.get_children, self.client.delete, self.client.get_acls,
                          lambda path: self.client.set(path, b""), lambda path: self.client.create(path + "/child")):
            with self.assertRaises(NoNodeError):
                operation(missing)
        self.client.create(self.base + "/a")
        with self.assertRaises(NodeExistsError):
            self.client.create(self.base + "/a")
        with self.assertRaises(NotEmptyError):
            self.client.delete(self.base)
        with self.assertRaises(InvalidACLError):
            self.client.create(self.base + "/b", acl=[ACL(31, Id("nonsense", "x"))])
        self.assertIsNone(self.client.exists(missing))

    def test_children(self):
        for name in ("b", "a", "c"):
            self.client.create(f"{self.base}/{name}", name.encode())
        self.assertEqual(sorted(self.client.get_children(self.base)), ["a", "b", "c"])
        names, stat = self.client.get_children(self.base, include_data=True)
        self.assertEqual(sorted(names), ["a", "b", "c"])
        self.assertEqual((stat.numChildren, stat.cversion), (3, 3))
        newest = self.client.exists(self.base + "/c")
        self.assertEqual(stat.pzxid, newest.czxid)
        self.client.delete(self.base + "/a")
        self.assertEqual(self.client.exists(self.base).cversion, 4)

    def test_acls(self):
        path = self.client.create(self.base + "/a", acl=OPEN_ACL_UNSAFE)
        acls, stat = self.client.get_acls(path)
        self.assertEqual((acls, stat.aversion), (OPEN_ACL_UNSAFE, 0))
        reader = make_digest_acl("someone", "secret", read=True)
        self.assertEqual(self.client.set_acls(path, OPEN_ACL_UNSAFE + [reader]).aversion, 1)
        self.assertEqual(self.client.get_acls(path)[0], OPEN_ACL_UNSAFE + [reader])
        with self.assertRaises(BadVersionError):
            self.client.set_acls(path, OPEN_ACL_UNSAFE, version=0)

    def test_sync_then_read_sees_another_clients_write(self):
        writer = self.connect(self.ensemble.wait_leader().hosts)
        for number in range(20):
            writer.create(f"{self.base}/{number}")
            self.client.sync(self.base)
            self.assertIsNotNone(self.client.exists(f"{self.base}/{number}"))

    def test_many_in_flight_come_back_in_order(self):
        results = [self.client.create_async(self.base + "/n-", sequence=True) for _ in range(500)]
        self.assertEqual([result.get(WAIT) for result in results], [self.base + f"/n-{n:010}" for n in range(500)])

    def test_server_version(self):
        self.assertGreaterEqual(self.client.server_version(), (3, 5))


class TransactionCases:
    def test_commit(self):
        self.client.create(self.base + "/old", b"0")
        transaction = self.client.transaction()
        transaction.check(self.base + "/old", 0)
        transaction.create(self.base + "/new", b"1")
        transaction.create(self.base + "/new/n-", b"2", sequence=True)
        transaction.set_data(self.base + "/old", b"3", version=0)
        transaction.delete(self.base + "/old", version=1)
        results = transaction.commit()
        self.assertEqual(results[0], True)
        self.assertEqual(results[1:3], [self.base + "/new", self.base + "/new/n-0000000000"])
        self.assertEqual(results[3].version, 1)
        self.assertEqual(results[4], True)
        self.assertEqual(self.client.get_children(self.base), ["new"])
        one = self.client.exists(self.base + "/new").czxid
        self.assertEqual(self.client.exists(self.base + "/new/n-0000000000").czxid, one)

    def test_failed_one_leaves_no_trace(self):
        self.client.create(self.base + "/a", b"before")
        transaction = self.client.transaction()
        transaction.create(self.base + "/b")
        transaction.set_data(self.base + "/a", b"after")
        transaction.delete(self.base + "/missing")
        transaction.create(self.base + "/c")
        results = transaction.commit()
        self.assertEqual([type(result) for result in results],
                         [RolledBackError, RolledBackError, NoNodeError, RuntimeInconsistency])
        self.assertEqual(self.client.get_children(self.base), ["a"])
        data, stat = self.client.get(self.base + "/a")
        self.assertEqual((data, stat.version), (b"before", 0))

    def test_failed_check(self):
        self.client.create(self.base + "/a")
        transaction = self.client.transaction()
        transaction.check(self.base + "/a", 7)
        transaction.delete(self.base + "/a")
        results = transaction.commit()
        self.assertEqual([type(result) for result in results], [BadVersionError, RuntimeInconsistency])
        self.assertIsNotNone(self.client.exists(self.base + "/a"))


for_leader_and_follower(globals(), DataCases, TransactionCases)

if __name__ == "__main__":
    unittest.main(verbosity=2)
