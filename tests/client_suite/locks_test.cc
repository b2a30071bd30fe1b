// The recipes that take turns, against real servers: where these remember outcomes (Muster) and where not (ZooKeeper).
#include <muster/recipes/counter.h>
#include <muster/recipes/election.h>
#include <muster/recipes/queue.h>

#include <thread>

#include "tests/client_suite/context.h"
#include "tests/client_suite/suite.h"

namespace muster::suite {
namespace {

using recipes::Lock;

asio::awaitable<void> unlock(Lock& lock) { co_await lock.unlock(); }

asio::awaitable<void> finish(recipes::Item& item) { co_await item.finish(); }

asio::awaitable<std::int64_t> count(recipes::Counter& counter, int times) {
  std::int64_t sum = 0;
  for (int i = 0; i < times; ++i) sum = co_await counter.add(1);
  co_return sum;
}

TEST_CASE("locks go around, with tokens that grow, and guard") {
  Case c;
  Context context;
  const Client one(context.executor(), Case::config()), two(context.executor(), Case::config());
  Lock first = context.run(recipes::Mutex(one, c.base + "/m").lock());
  auto waits = context.begin(recipes::Mutex(two, c.base + "/m").lock());
  eventually("the second stands there",
             [&] { return good(c.other.children(c.base + "/m")).names.size() == 2; });
  CHECK_FALSE(context.run(recipes::Mutex(two, c.base + "/m").try_lock()));
  CHECK_FALSE(context.run(recipes::Mutex(two, c.base + "/m").lock_within(50ms)));
  Transaction change;
  change.set(c.base, "guarded");
  first.guard(change);
  good(c.other.multi(change));
  context.run(unlock(first));
  REQUIRE(waits.wait_for(long_time) == std::future_status::ready);
  const Lock second = waits.get();
  CHECK(second.certain_for() > 0ms);
  CHECK(c.other.multi(change).error() == ErrorCode::no_node);
  CHECK(second.token() > Zxid{0});
  const recipes::ReadWriteLock shared(one, c.base + "/rw");
  const Lock reader = context.run(shared.read()), other_reader = context.run(shared.read());
  CHECK_FALSE(context.run(shared.try_write()));
  const recipes::Semaphore semaphore(one, c.base + "/s", 1);
  const Lock permit = context.run(semaphore.acquire());
  CHECK_FALSE(context.run(semaphore.try_acquire()));
  const recipes::Election election(one, c.base + "/e", "me");
  const Lock office = context.run(election.campaign());
  CHECK(context.run(election.participants()).front() == recipes::Participant{"me", office.token()});
}

TEST_CASE("counters and queues are exact while answers are lost") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  recipes::Counter counter(client, c.base + "/counter");
  recipes::Queue queue(client, c.base + "/queue");
  context.run(counter.add(0));
  context.run(queue.put("0"));
  constexpr int rounds = 3, times = 20;
  for (int round = 0; round < rounds; ++round) {
    const int victim = connected_server();
    auto counted = context.begin(count(counter, times));
    auto put = context.begin(queue.put(std::to_string(round + 1)));
    order("hold_answers " + std::to_string(victim));
    std::this_thread::sleep_for(20ms);  // for the sake of writes on the way; nothing depends on it
    order("break " + std::to_string(victim));
    order("pass " + std::to_string(victim));
    REQUIRE(counted.wait_for(long_time) == std::future_status::ready);
    CHECK(counted.get() == (round + 1) * times);
    REQUIRE(put.wait_for(long_time) == std::future_status::ready);
    put.get();
  }
  CHECK(good(c.other.linearizable().get(c.base + "/counter")).data == std::to_string(rounds * times));
  for (int round = 0; round <= rounds; ++round) {
    recipes::Item item = context.run(queue.take());
    CHECK(item.data() == std::to_string(round));
    context.run(finish(item));
  }
  CHECK(context.run(queue.size()) == 0);
}

}  // namespace
}  // namespace muster::suite
