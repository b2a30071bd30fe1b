"""kazoo's recipes and watches, connected to the leader and to a follower."""

import queue
import threading
import unittest

from kazoo.protocol.states import Callback
from kazoo.recipe.watchers import ChildrenWatch, DataWatch

from interop.kazoo_case import WAIT, for_leader_and_follower, setUpModule, tearDownModule


class RecipeCases:
    def test_lock_is_held_by_one(self):
        other = self.connect()
        first, second = self.client.Lock(self.base + "/lock", "first"), other.Lock(self.base + "/lock", "second")
        self.assertTrue(first.acquire(timeout=WAIT))
        self.assertFalse(second.acquire(blocking=False))
        waiting = threading.Thread(target=second.acquire, kwargs={"timeout": WAIT})
        waiting.start()
        self.eventually(lambda: len(first.contenders()) == 2, "the second contends")
        self.assertEqual(first.contenders(), ["first", "second"])
        self.assertFalse(second.is_acquired)
        first.release()
        waiting.join(WAIT)
        self.assertTrue(second.is_acquired)
        second.release()

    def test_lock_counts_exactly(self):
        self.client.create(self.base + "/counter", b"0")

        def count(client):
            lock = client.Lock(self.base + "/lock")
            for _ in range(10):
                with lock:
                    value = int(client.get(self.base + "/counter")[0])
                    client.set(self.base + "/counter", b"%d" % (value + 1))

        threads = [threading.Thread(target=count, args=(self.connect(),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * WAIT)
        self.client.sync(self.base)
        self.assertEqual(self.client.get(self.base + "/counter")[0], b"30")

    def test_lock_passes_on_when_its_holder_closes(self):
        holder = self.connect()
        self.assertTrue(holder.Lock(self.base + "/lock").acquire(timeout=WAIT))
        lock = self.client.Lock(self.base + "/lock")

        def close_when_two_contend():
            self.eventually(lambda: len(lock.contenders()) == 2, "two contend")
            holder.stop()

        closing = threading.Thread(target=close_when_two_contend)
        closing.start()
        self.assertTrue(lock.acquire(timeout=WAIT))
        closing.join(WAIT)

    def test_election(self):
        led = queue.Queue()
        resign = threading.Event()
        clients = {name: self.connect() for name in ("a", "b", "c")}

        def run(name, client):
            client.Election(self.base + "/election", name).run(lambda: (led.put(name), resign.wait(WAIT)))

        threads = []
        for count, (name, client) in enumerate(clients.items(), 1):
            thread = threading.Thread(target=run, args=(name, client))
            thread.start()
            threads.append(thread)
            election = client.Election(self.base + "/election", name)
            self.eventually(lambda: len(election.contenders()) == count, f"{count} stand")
        self.assertEqual(election.contenders(), ["a", "b", "c"])
        self.assertEqual(led.get(timeout=WAIT), "a")
        self.assertTrue(led.empty())
        resign.set()
        self.assertEqual([led.get(timeout=WAIT) for _ in range(2)], ["b", "c"])
        for thread in threads:
            thread.join(WAIT)

    def test_counter_barrier_and_queue(self):
        counter = self.client.Counter(self.base + "/counter")
        counter += 3
        counter -= 1
        self.assertEqual(self.connect().Counter(self.base + "/counter").value, 2)

        barrier = self.client.Barrier(self.base + "/barrier")
        barrier.create()
        self.assertFalse(barrier.wait(0.01))
        barrier.remove()
        self.assertTrue(barrier.wait(WAIT))

        items = self.client.Queue(self.base + "/queue")
        for item in (b"1", b"2", b"3"):
            items.put(item)
        self.assertEqual([items.get() for _ in range(4)], [b"1", b"2", b"3", None])


class WatchCases:
    def test_data_watch_sees_each_state(self):
        path = self.base + "/w"
        seen = queue.Queue()
        DataWatch(self.client, path, lambda data, stat: seen.put(data))
        writer = self.connect()
        self.assertIsNone(seen.get(timeout=WAIT))
        writer.create(path, b"1")
        self.assertEqual(seen.get(timeout=WAIT), b"1")
        writer.set(path, b"2")
        self.assertEqual(seen.get(timeout=WAIT), b"2")
        writer.delete(path)
        self.assertIsNone(seen.get(timeout=WAIT))

    def test_children_watch_sees_each_state(self):
        seen = queue.Queue()
        ChildrenWatch(self.client, self.base, lambda names: seen.put(sorted(names)))
        writer = self.connect()
        self.assertEqual(seen.get(timeout=WAIT), [])
        writer.create(self.base + "/a")
        self.assertEqual(seen.get(timeout=WAIT), ["a"])
        writer.create(self.base + "/b")
        self.assertEqual(seen.get(timeout=WAIT), ["a", "b"])
        writer.delete(self.base + "/a")
        self.assertEqual(seen.get(timeout=WAIT), ["b"])

    def test_one_shot_watches(self):
        path = self.client.create(self.base + "/w")
        events = queue.Queue()
        self.client.get(path, watch=events.put)
        self.client.exists(self.base + "/later", watch=events.put)
        self.client.get_children(self.base, watch=events.put)
        self.client.set(path, b"1")
        self.client.set(path, b"2")  # seen by nobody: the watch has fired
        self.client.create(self.base + "/later")
        got = [events.get(timeout=WAIT) for _ in range(3)]
        self.assertEqual([(event.type, event.path) for event in got],
                         [("CHANGED", path), ("CREATED", self.base + "/later"), ("CHILD", self.base)])
        self.client.sync("/")
        self.assertTrue(events.empty())

    def test_an_event_comes_before_the_data_that_it_announces(self):
        path = self.client.create(self.base + "/w", b"0")
        order = []
        handler = self.client.handler

        def watch(_):
            order.append("event")

        writer = self.connect()
        for number in range(20):
            order.clear()
            self.client.get(path, watch=watch)
            value = b"%d" % (number + 1)
            writer.set(path, value)
            self.eventually(lambda: self.client.get(path)[0] == value, "the new data can be read")
            done = handler.event_object()
            handler.dispatch_callback(Callback("watch", done.set, ()))  # behind all that has been queued
            done.wait(WAIT)
            self.assertEqual(order, ["event"])


for_leader_and_follower(globals(), RecipeCases, WatchCases)

if __name__ == "__main__":
    unittest.main(verbosity=2)
