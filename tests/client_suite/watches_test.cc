// Watches of all kinds, also across the death of the server that held them.
#include "tests/client_suite/suite.h"

namespace muster::suite {
namespace {

using Event = WatchedEvent;

std::vector<Event> next(const BlockingWatchStream& stream, int count) {
  std::vector<Event> events;
  while (count-- > 0) events.push_back(good(stream.next(long_time)));
  return events;
}

// The events up to the first of `path`; gaps are left out, and so is what was before a gap.
Event next_of(const BlockingWatchStream& stream, const std::string& path) {
  for (;;) {
    Event event = good(stream.next(long_time));
    if (event.type != EventType::gap && event.path == path) return event;
  }
}

TEST_CASE("one event, of each kind of one-shot watch") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string path = c.base + "/a";
  const auto born = good(client.exists_and_watch(path));
  const auto brood = good(client.children_and_watch(c.base));
  CHECK(born.value == std::nullopt);
  good(c.other.create(path, "one"));
  CHECK(good(born.watch.next(long_time)) == Event{EventType::node_created, path});
  CHECK(good(brood.watch.next(long_time)) == Event{EventType::children_changed, c.base});

  const auto data = good(client.get_and_watch(path));
  const auto again = good(client.exists_and_watch(path));
  good(c.other.set(path, "two"));
  CHECK(good(data.watch.next(long_time)) == Event{EventType::data_changed, path});
  CHECK(good(again.watch.next(long_time)) == Event{EventType::data_changed, path});
  CHECK(good(data.watch.next(long_time)) ==
        Event{EventType::data_changed, path});  // there once, it stays there

  const auto last = good(client.get_and_watch(path));
  const auto childless = good(client.children_and_watch(path));
  good(c.other.remove(path));
  CHECK(good(last.watch.next(long_time)) == Event{EventType::node_deleted, path});
  CHECK(good(childless.watch.next(long_time)) == Event{EventType::node_deleted, path});
}

TEST_CASE("an event comes before the answer that shows the change") {
  Case c;
  const BlockingClient client = Case::connected();
  for (int i = 0; i < 50; ++i) {
    const auto [value, watch] = good(client.get_and_watch(c.base));
    good(c.other.set(c.base, std::to_string(i)));
    while (good(client.get(c.base)).stat == value.stat) {
    }
    CHECK(good(watch.next(0ms)) == Event{EventType::data_changed, c.base});
  }
}

TEST_CASE("a persistent watch tells of every change of its node") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string path = c.base + "/a";
  const BlockingWatchStream changes = good(client.watch(path, WatchMode::persistent));
  good(c.other.create(path, ""));
  good(c.other.set(path, "x"));
  good(c.other.create(path + "/b", ""));
  good(c.other.remove(path + "/b"));
  good(c.other.remove(path));
  CHECK(next(changes, 5) == std::vector<Event>{{EventType::node_created, path},
                                               {EventType::data_changed, path},
                                               {EventType::children_changed, path},
                                               {EventType::children_changed, path},
                                               {EventType::node_deleted, path}});
}

TEST_CASE("a recursive watch tells of all below") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string path = c.base + "/a";
  const BlockingWatchStream changes = good(client.watch(c.base, WatchMode::recursive));
  good(c.other.create(path, ""));
  good(c.other.create(path + "/b", ""));
  good(c.other.set(path + "/b", "x"));
  good(c.other.remove(path + "/b"));
  good(c.other.set(c.base, "y"));
  CHECK(next(changes, 5) == std::vector<Event>{{EventType::node_created, path},
                                               {EventType::node_created, path + "/b"},
                                               {EventType::data_changed, path + "/b"},
                                               {EventType::node_deleted, path + "/b"},
                                               {EventType::data_changed, c.base}});
}

TEST_CASE("both modes on one path") {
  if (!keeps_both_modes()) return;
  Case c;
  const BlockingClient client = Case::connected();
  const BlockingWatchStream node = good(client.watch(c.base, WatchMode::persistent));
  std::optional<BlockingWatchStream> all = good(client.watch(c.base, WatchMode::recursive));
  good(c.other.create(c.base + "/a", ""));
  CHECK(good(node.next(long_time)) == Event{EventType::children_changed, c.base});
  CHECK(good(all->next(long_time)) == Event{EventType::node_created, c.base + "/a"});
  all.reset();
  good(c.other.set(c.base, "x"));
  CHECK(good(node.next(long_time)) == Event{EventType::data_changed, c.base});
}

TEST_CASE("a watch that is dropped is no longer told of; others of its path are") {
  Case c;
  const BlockingClient client = Case::connected();
  std::optional<BlockingWatchStream> dropped = good(client.watch(c.base, WatchMode::persistent));
  const BlockingWatchStream kept = good(client.watch(c.base, WatchMode::persistent));
  auto one_shot = good(client.get_and_watch(c.base));
  dropped.reset();
  one_shot.watch = {};
  good(c.other.set(c.base, "x"));
  CHECK(good(kept.next(long_time)) == Event{EventType::data_changed, c.base});
  CHECK(kept.next(50ms).error() == ErrorCode::operation_timeout);
}

TEST_CASE("one-shot watches tell what happened while no server was connected") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string a = c.base + "/a", b = c.base + "/b", missing = c.base + "/missing",
                    still = c.base + "/still";
  for (const std::string& path : {a, b, still}) good(c.other.create(path, ""));
  good(c.other.linearizable().sync());
  good(client.sync());
  const auto changed = good(client.get_and_watch(a));
  const auto deleted = good(client.exists_and_watch(b));
  const auto created = good(client.exists_and_watch(missing));
  const auto brood = good(client.children_and_watch(c.base));
  const auto untouched = good(client.get_and_watch(still));
  for (int number = 1; number <= 3; ++number) order("cut " + std::to_string(number));
  good(c.other.set(a, "x"));
  good(c.other.remove(b));
  good(c.other.create(missing, ""));
  for (int number = 1; number <= 3; ++number) order("pass " + std::to_string(number));
  CHECK(good(changed.watch.next(long_time)) == Event{EventType::data_changed, a});
  CHECK(good(deleted.watch.next(long_time)) == Event{EventType::node_deleted, b});
  CHECK(good(created.watch.next(long_time)) == Event{EventType::node_created, missing});
  CHECK(good(brood.watch.next(long_time)) == Event{EventType::children_changed, c.base});
  CHECK(untouched.watch.next(0ms).error() == ErrorCode::operation_timeout);
  good(c.other.set(still, "x"));
  CHECK(good(untouched.watch.next(long_time)) == Event{EventType::data_changed, still});
}

TEST_CASE("watches survive the death of the server that held them") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string path = c.base + "/a";
  const BlockingWatchStream node = good(client.watch(path, WatchMode::persistent));
  const BlockingWatchStream below = good(client.watch(c.base, WatchMode::recursive));
  const auto born = good(client.exists_and_watch(path));
  const int killed = connected_server();
  order("kill " + std::to_string(killed));
  CHECK(good(node.next(long_time)).type == EventType::gap);
  CHECK(good(below.next(long_time)) == Event{EventType::gap, c.base});
  good(client.sync());  // connected again: the watches are set before anything is answered
  good(c.other.create(path, ""));
  CHECK(next_of(node, path) == Event{EventType::node_created, path});
  CHECK(next_of(below, path) == Event{EventType::node_created, path});
  CHECK(good(born.watch.next(long_time)) == Event{EventType::node_created, path});
}

TEST_CASE("more paths than one request may hold are set again") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string name(900, 'n');
  std::vector<BlockingWatch> watches;
  for (int i = 0; i < 300; ++i)
    watches.push_back(good(client.exists_and_watch(c.base + "/" + name + std::to_string(i))).watch);
  order("break " + std::to_string(connected_server()));
  good(client.sync());
  for (const int i : {0, 150, 299}) {
    const std::string path = c.base + "/" + name + std::to_string(i);
    good(c.other.create(path, ""));
    CHECK(good(watches[static_cast<std::size_t>(i)].next(long_time)) == Event{EventType::node_created, path});
  }
}

}  // namespace
}  // namespace muster::suite
