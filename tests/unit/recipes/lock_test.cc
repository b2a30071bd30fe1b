#include <muster/recipes/lock.h>

#include "world.h"

using namespace muster;
using namespace std::chrono_literals;
using recipes::Lock;
using recipes::Mutex;
using recipes::ReadWriteLock;
using recipes::Semaphore;
using test::Process;
using test::World;

namespace {

using Taken = test::Task<Lock>;
const std::vector<std::string> nobody;

asio::awaitable<void> drop(Lock lock) { co_await lock.unlock(); }
asio::awaitable<error_code> loss(const Lock& lock) { return lock.lost(); }

asio::awaitable<std::string> create(Client client, std::string path, CreateMode mode) {
  const Created made = co_await client.async_create(path, "", mode);
  co_return made.path;
}
asio::awaitable<void> remove(Client client, std::string path) { co_await client.async_remove(path); }

// A write that only a holder may do.
asio::awaitable<void> write(Client client, Transaction guarded) {
  co_await client.async_multi(std::move(guarded), asio::use_awaitable);
}
Transaction guarded_write(const Lock& lock, const std::string& data) {
  Transaction change;
  change.set("/resource", data);
  lock.guard(change);
  return change;
}

// Gives a lock back and leaves the others to it.
void unlock(World& world, Process& process, const Taken& taken) {
  world.run(process, drop(std::move(*taken->value)));
  world.settle();
}

}  // namespace

TEST_CASE("a mutex goes from one to the next in the order of asking, with growing tokens") {
  World world;
  std::vector<std::pair<Process*, Taken>> queue;
  for (int i = 0; i < 4; ++i) {
    Process& process = world.process();
    queue.emplace_back(&process, world.begin(process, Mutex(process.client(), "/l/m", "me").lock()));
    world.pass(50ms);
  }
  CHECK(world.children("/l/m").size() == 4);
  Zxid last;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (std::size_t j = i; j < queue.size(); ++j) CHECK(queue[j].second->done == (j == i));
    CHECK(world.data(queue[i].second->value->path()) == "me");
    CHECK(queue[i].second->value->token() > last);
    last = queue[i].second->value->token();
    unlock(world, *queue[i].first, queue[i].second);
  }
  CHECK(world.children("/l/m") == nobody);
}

TEST_CASE("a lock that goes out of scope is given up") {
  World world;
  Process& process = world.process();
  { const Lock lock = world.run(process, Mutex(process.client(), "/m").lock()); }
  world.settle();
  CHECK(world.children("/m") == nobody);
}

TEST_CASE("who dies gives its lock up with its session") {
  World world;
  Process &holder = world.process(1000ms), &next = world.process();
  const Taken held = world.begin(holder, Mutex(holder.client(), "/m").lock());
  world.end(held);
  const Taken waits = world.begin(next, Mutex(next.client(), "/m").lock());
  world.kill(holder);
  world.pass(900ms);
  CHECK_FALSE(waits->done);
  world.pass(1000ms);
  CHECK(waits->done);
}

TEST_CASE("to try is not to wait") {
  World world;
  Process &one = world.process(), &other = world.process();
  auto held = world.run(one, Mutex(one.client(), "/m").try_lock());
  REQUIRE(held);
  CHECK_FALSE(world.run(other, Mutex(other.client(), "/m").try_lock()));
  CHECK(world.children("/m").size() == 1);
  CHECK_FALSE(world.run(other, Mutex(other.client(), "/m").lock_within(500ms)));
  world.settle();
  CHECK(world.children("/m").size() == 1);
  held.reset();
  CHECK(world.run(other, Mutex(other.client(), "/m").lock_within(500ms)));
}

TEST_CASE("an error is not waited for until the time is over") {
  World world;
  Process& process = world.process();
  CHECK(world.failure(process, Mutex(process.client(), "bad").lock_within(1000s)) ==
        ErrorCode::bad_arguments);
}

TEST_CASE("a waiter that is cancelled leaves nothing behind, wherever it stands") {
  for (const bool remembers : {true, false}) {
    for (int moment = 0; moment < 4; ++moment) {
      CAPTURE(remembers, moment);
      World world;
      Process& holder = world.process();
      const Lock lock = world.run(holder, Mutex(holder.client(), "/m").lock());
      Process& waiter = remembers ? world.process() : world.forgetful_process();
      world.until("connected", [&] { return waiter.client().state() == SessionState::connected; });
      if (moment == 1) waiter.lose_answers();   // its node is made, and it does not know it
      if (moment == 2) waiter.lose_requests();  // its node is not made, and it does not know it
      if (moment == 3) waiter.cut();
      asio::cancellation_signal signal;
      const Taken waits = world.begin(waiter, Mutex(waiter.client(), "/m").lock(), signal.slot());
      world.settle();
      CHECK(world.children("/m").size() == (moment < 2 ? 2 : 1));
      signal.emit(asio::cancellation_type::terminal);
      world.settle();
      CHECK(waits->error() == asio::error::operation_aborted);
      waiter.cut();
      world.pass(100ms);
      waiter.mend();
      world.pass(500ms);
      CHECK(waiter.client().state() == SessionState::connected);
      CHECK(world.children("/m").size() == 1);
    }
  }
}

TEST_CASE("one whose creation's answer is lost stands once in the queue") {
  World world;
  for (Process* process : {&world.process(), &world.forgetful_process()}) {
    for (const bool done : {true, false}) {
      world.until("connected", [&] { return process->client().state() == SessionState::connected; });
      done ? process->lose_answers() : process->lose_requests();
      const Taken taken = world.begin(*process, Mutex(process->client(), "/q").lock());
      world.settle();
      process->cut();
      world.pass(100ms);
      process->mend();
      world.end(taken);
      CHECK(world.children("/q").size() == 1);
      CHECK(taken->value->token() > Zxid{0});
      unlock(world, *process, taken);
      CHECK(world.children("/q") == nobody);
    }
  }
}

// The story that no lock service prevents, and that fencing does.
TEST_CASE("a holder that was frozen for longer than its session writes nothing") {
  World world;
  Process &frozen = world.process(1000ms), &next = world.process();
  world.run(next, create(next.client(), "/resource", CreateMode::persistent));
  const Taken old = world.begin(frozen, Mutex(frozen.client(), "/m").lock());
  world.end(old);
  const Lock& stale = *old->value;
  world.run(frozen, write(frozen.client(), guarded_write(stale, "by the first")));
  const auto lost = world.begin(frozen, loss(stale));
  const Taken waits = world.begin(next, Mutex(next.client(), "/m").lock());
  world.settle();
  CHECK(stale.certain_for() > 0ms);
  frozen.freeze();
  const auto late = world.begin(frozen, write(frozen.client(), guarded_write(stale, "by the first, late")));
  world.end(waits);
  CHECK(stale.certain_for() == 0ms);
  CHECK_FALSE(lost->done);
  CHECK(waits->value->token() > stale.token());
  world.run(next, write(next.client(), guarded_write(*waits->value, "by the second")));
  frozen.thaw();
  world.settle();
  CHECK(lost->get() == ErrorCode::session_expired);
  CHECK(late->error() == ErrorCode::session_expired);
  CHECK(world.data("/resource") == "by the second");
}

TEST_CASE("a guarded transaction says that the lock is lost while the session lives") {
  World world;
  Process &holder = world.process(), &other = world.process();
  world.run(other, create(other.client(), "/resource", CreateMode::persistent));
  const Taken held = world.begin(holder, Mutex(holder.client(), "/m").lock());
  world.end(held);
  const auto lost = world.begin(holder, loss(*held->value));
  world.settle();
  CHECK_FALSE(lost->done);
  world.run(other, remove(other.client(), held->value->path()));
  world.settle();
  CHECK(lost->get() == ErrorCode::no_node);
  CHECK(world.failure(holder, write(holder.client(), guarded_write(*held->value, "x"))) ==
        ErrorCode::no_node);
}

TEST_CASE("a lock is lost on the holder's own clock before another can have it") {
  World world;
  Process &holder = world.process(1000ms), &next = world.process();
  const Taken held = world.begin(holder, Mutex(holder.client(), "/m").lock());
  world.end(held);
  const auto lost = world.begin(holder, loss(*held->value));
  const Taken waits = world.begin(next, Mutex(next.client(), "/m").lock());
  world.settle();
  holder.cut();
  world.until("it is lost", [&] {
    CHECK((lost->done || !waits->done));
    return lost->done;
  });
  CHECK(lost->get() == ErrorCode::session_expired);
  world.end(waits);
}

TEST_CASE("one that waits when its session ends is told, and does not come back") {
  World world;
  Process &holder = world.process(), &waiter = world.process(1000ms);
  const Lock lock = world.run(holder, Mutex(holder.client(), "/m").lock());
  const Taken waits = world.begin(waiter, Mutex(waiter.client(), "/m").lock());
  world.settle();
  waiter.cut();
  world.end(waits);
  CHECK(waits->error() == ErrorCode::session_expired);
  waiter.mend();
  world.pass(2000ms);
  CHECK(world.children("/m").size() == 1);
}

TEST_CASE("readers share, writers do not, and nobody passes a writer that waits") {
  World world;
  Process& process = world.process();
  const ReadWriteLock lock(process.client(), "/rw");
  const Taken first = world.begin(process, lock.read());
  world.end(first);
  const Taken second = world.begin(process, lock.read());
  world.end(second);
  const Taken writer = world.begin(process, lock.write());
  world.settle();
  const Taken third = world.begin(process, lock.read());
  const Taken fourth = world.begin(process, lock.read());
  world.pass(100ms);
  CHECK_FALSE(writer->done);
  CHECK_FALSE(third->done);
  CHECK_FALSE(world.run(process, lock.try_read()));
  CHECK_FALSE(world.run(process, lock.try_write()));
  CHECK_FALSE(world.run(process, lock.write_within(100ms)));
  unlock(world, process, first);
  CHECK_FALSE(writer->done);
  unlock(world, process, second);
  CHECK(writer->done);
  CHECK_FALSE(third->done);
  unlock(world, process, writer);
  CHECK(third->done);
  CHECK(fourth->done);
  CHECK(third->value->token() > Zxid{0});
}

TEST_CASE("a reader stays where it is when the writer before it gives up and another writer holds") {
  World world;
  Process& process = world.process();
  const ReadWriteLock lock(process.client(), "/rw");
  const Taken holder = world.begin(process, lock.write());
  world.end(holder);
  asio::cancellation_signal signal;
  const Taken impatient = world.begin(process, lock.write(), signal.slot());
  world.settle();
  const Taken reader = world.begin(process, lock.read());
  world.settle();
  signal.emit(asio::cancellation_type::terminal);
  world.pass(100ms);
  CHECK(impatient->done);
  CHECK_FALSE(reader->done);
  unlock(world, process, holder);
  CHECK(reader->done);
}

TEST_CASE("a semaphore admits so many") {
  World world;
  CHECK_THROWS_AS(Semaphore(world.process().client(), "/s", 0), std::invalid_argument);
  std::vector<std::pair<Process*, Taken>> queue;
  for (int i = 0; i < 5; ++i) {
    Process& process = world.process();
    queue.emplace_back(&process, world.begin(process, Semaphore(process.client(), "/s", 2).acquire()));
    world.pass(50ms);
  }
  for (std::size_t i = 0; i < queue.size(); ++i) {
    for (std::size_t j = i; j < queue.size(); ++j) CHECK(queue[j].second->done == (j < i + 2));
    unlock(world, *queue[i].first, queue[i].second);
  }
  CHECK(world.children("/s/leases") == nobody);
  CHECK(world.children("/s/locks") == nobody);
  Process& process = world.process();
  const Semaphore one(process.client(), "/s", 1);
  auto held = world.run(process, one.try_acquire());
  CHECK(held);
  CHECK_FALSE(world.run(process, one.try_acquire()));
  CHECK_FALSE(world.run(process, one.acquire_within(200ms)));
  world.settle();
  CHECK(world.children("/s/leases").size() == 1);
  CHECK(world.children("/s/locks") == nobody);
}

TEST_CASE("contenders of other libraries are waited for") {
  for (const char* name : {"0123__lock__", "_c_00000000-0000-0000-0000-000000000000-lock-", "ab__WRIT__"}) {
    CAPTURE(name);
    World world;
    Process &stranger = world.process(), &ours = world.process();
    world.run(stranger, create(stranger.client(), "/m", CreateMode::persistent));
    // What is no contender is in nobody's way.
    world.run(stranger, create(stranger.client(), "/m/config", CreateMode::persistent));
    const std::string node = world.run(
        stranger, create(stranger.client(), std::string("/m/") + name, CreateMode::ephemeral_sequential));
    const Taken waits = world.begin(ours, Mutex(ours.client(), "/m").lock());
    world.pass(100ms);
    CHECK_FALSE(waits->done);
    world.run(stranger, remove(stranger.client(), node));
    world.settle();
    CHECK(waits->done);
  }
}
