// Elections, barriers, queues, groups.
#include <muster/recipes/barrier.h>
#include <muster/recipes/election.h>
#include <muster/recipes/group.h>
#include <muster/recipes/queue.h>

#include "world.h"

using namespace muster;
using namespace std::chrono_literals;
using namespace muster::recipes;
using test::Process;
using test::World;

namespace {

const std::vector<std::string> nothing;

asio::awaitable<void> resign(Leadership office) { co_await office.unlock(); }
asio::awaitable<std::optional<Participant>> look(std::shared_ptr<LeaderObserver> observer) {
  co_return co_await observer->next();
}
asio::awaitable<void> create(Client client, std::string path) { co_await client.async_create(path, ""); }
asio::awaitable<void> finish(Item& item, Transaction effect = {}) { co_await item.finish(std::move(effect)); }
asio::awaitable<void> give_back(Item& item) { co_await item.give_back(); }
asio::awaitable<void> enter(DoubleBarrier& barrier) { co_await barrier.enter(); }
asio::awaitable<void> leave(DoubleBarrier& barrier) { co_await barrier.leave(); }
std::vector<std::string> ids(const std::vector<Participant>& all) {
  std::vector<std::string> result;
  for (const Participant& one : all) result.push_back(one.id);
  return result;
}
const std::vector<std::string> abc{"a", "b", "c"}, bc{"b", "c"};

}  // namespace

TEST_CASE("the first one leads, then the next; an observer is told") {
  World world;
  Process& outside = world.process();
  const auto observer = std::make_shared<LeaderObserver>(outside.client(), "/deep/leader");
  CHECK_FALSE(world.run(outside, look(observer)));
  auto seen = world.begin(outside, look(observer));
  std::vector<Process*> processes;
  std::vector<test::Task<Leadership>> offices;
  for (const std::string& id : abc) {
    processes.push_back(&world.process());
    offices.push_back(
        world.begin(*processes.back(), Election(processes.back()->client(), "/deep/leader", id).campaign()));
    world.pass(50ms);
  }
  const Election election(outside.client(), "/deep/leader", "x");
  CHECK(offices[0]->done);
  CHECK_FALSE(offices[1]->done);
  CHECK(ids(world.run(outside, election.participants())) == abc);
  CHECK(seen->get()->id == "a");
  seen = world.begin(outside, look(observer));
  world.pass(100ms);
  CHECK_FALSE(seen->done);
  CHECK_FALSE(world.run(outside, election.campaign_within(100ms)));
  world.kill(*processes[0]);
  world.end(offices[1]);
  world.settle();
  CHECK(seen->get() == Participant{"b", offices[1]->value->token()});
  CHECK(offices[1]->value->token() > offices[0]->value->token());
  CHECK(ids(world.run(outside, election.participants())) == bc);
  world.run(*processes[1], resign(std::move(*offices[1]->value)));
  world.settle();
  CHECK(offices[2]->done);
  CHECK(offices[2]->value->token() > Zxid{0});
  CHECK(world.children("/deep/leader")[0].find("-lock-") != std::string::npos);
  Process& latch = world.process();
  const auto latched =
      world.run(latch, Election(latch.client(), "/latch", "me", ElectionForm::latch).campaign());
  CHECK(world.children("/latch")[0].find("-latch-") != std::string::npos);
}

TEST_CASE("a barrier") {
  World world;
  Process &one = world.process(), &other = world.process();
  const Barrier barrier(one.client(), "/deep/barrier"), there(other.client(), "/deep/barrier");
  world.run(other, there.wait());
  world.run(one, barrier.raise());
  world.run(other, there.raise());
  CHECK_FALSE(world.run(other, there.wait_within(100ms)));
  const auto waits = world.begin(other, there.wait());
  world.pass(100ms);
  CHECK_FALSE(waits->done);
  other.cut();
  world.run(one, barrier.lower());
  other.mend();
  world.end(waits);
  CHECK(world.run(other, there.wait_within(100ms)));
  world.run(one, barrier.lower());
}

TEST_CASE("all begin together and end together") {
  World world;
  std::vector<Process*> processes;
  std::vector<std::unique_ptr<DoubleBarrier>> barriers;
  std::vector<test::Task<void>> tasks;
  CHECK_THROWS_AS(DoubleBarrier(world.process().client(), "/b", 0), std::invalid_argument);
  for (int i = 0; i < 3; ++i) {
    processes.push_back(&world.process(1000ms));
    barriers.push_back(std::make_unique<DoubleBarrier>(processes.back()->client(), "/b", 3));
    for (const auto& task : tasks) CHECK_FALSE(task->done);
    tasks.push_back(world.begin(*processes.back(), enter(*barriers.back())));
    world.pass(100ms);
  }
  for (const auto& task : tasks) CHECK(task->done);
  tasks.clear();
  for (std::size_t i = 0; i < 2; ++i) {
    tasks.push_back(world.begin(*processes[i], leave(*barriers[i])));
    world.pass(100ms);
    for (const auto& task : tasks) CHECK_FALSE(task->done);
  }
  barriers[2].reset();  // it dies
  world.kill(*processes[2]);
  for (const auto& task : tasks) world.end(task);
  CHECK(world.children("/b") == nothing);
}

TEST_CASE("one that gives up does not stand in a double barrier") {
  World world;
  Process& process = world.process();
  DoubleBarrier one(process.client(), "/b", 2);
  asio::cancellation_signal signal;
  const auto task = world.begin(process, enter(one), signal.slot());
  world.settle();
  CHECK(world.children("/b").size() == 1);
  signal.emit(asio::cancellation_type::terminal);
  world.settle();
  CHECK(task->error() == asio::error::operation_aborted);
  CHECK(world.children("/b") == nothing);
}

TEST_CASE("a queue gives each item once, by priority and age") {
  World world;
  Process &one = world.process(), &other = world.process();
  Queue queue(one.client(), "/deep/q");
  CHECK(world.run(one, queue.size()) == 0);
  CHECK_FALSE(world.run(one, queue.try_take()));
  for (const char* data : {"first", "second", "third"}) world.run(one, queue.put(data));
  world.run(one, queue.put("urgent", 7));
  CHECK(world.failure(one, queue.put("x", 1000)) == ErrorCode::bad_arguments);
  CHECK(world.run(one, queue.size()) == 4);
  const Queue same(other.client(), "/deep/q");
  Item urgent = world.run(other, same.take());
  Item first = world.run(one, queue.take());
  CHECK(urgent.data() == "urgent");
  CHECK(first.data() == "first");
  CHECK(world.data("/deep/q/entries/" + first.name()) == "first");
  world.run(other, finish(urgent));
  CHECK(world.failure(other, finish(urgent)) == ErrorCode::invalid_state);
  // Dropped: the next taker has it.
  { const Item dropped = std::move(first); }
  world.settle();
  Item again = world.run(other, same.take());
  CHECK(again.data() == "first");
  // The effect and the end of the item are one.
  Transaction effect;
  effect.create("/done", "first");
  world.run(other, create(other.client(), "/done"));
  CHECK(world.failure(other, finish(again, effect)) == ErrorCode::node_exists);
  CHECK(world.run(one, queue.size()) == 3);
  world.run(other, finish(again));
  CHECK(world.run(one, queue.size()) == 2);
}

TEST_CASE("a taker waits, and what a dead one has taken comes back") {
  World world;
  Process &one = world.process(), &other = world.process(1000ms), &third = world.process();
  Queue queue(one.client(), "/q");
  const auto dies = world.begin(other, Queue(other.client(), "/q").take());
  world.settle();
  const auto waits = world.begin(third, Queue(third.client(), "/q").take());
  world.pass(100ms);
  CHECK_FALSE(world.run(one, queue.take_within(100ms)));
  world.run(one, queue.put("x"));
  world.settle();
  CHECK(dies->value->data() == "x");
  CHECK_FALSE(waits->done);
  world.kill(other);
  world.end(waits);
  CHECK(waits->value->data() == "x");
}

TEST_CASE("one whose session has ended does not finish what another one has") {
  World world;
  Process &frozen = world.process(1000ms), &next = world.process();
  world.run(next, Queue(next.client(), "/q").put("x"));
  Item stale = world.run(frozen, Queue(frozen.client(), "/q").take());
  const auto late = world.begin(frozen, finish(stale));
  frozen.freeze();
  Item item = world.run(next, Queue(next.client(), "/q").take());
  frozen.thaw();
  world.end(late);
  CHECK(late->error() == ErrorCode::session_expired);
  CHECK(world.exists("/q/entries/" + item.name()));
  world.run(next, finish(item));
}

// Whatever is lost on the way, an item is put once, taken once and finished once.
TEST_CASE("a queue across lost answers and requests") {
  World world;
  for (Process* process : {&world.process(), &world.forgetful_process()}) {
    Queue queue(process->client(), "/q");
    world.run(*process, queue.put("0"));
    world.end(world.begin(*process, finish(*std::make_unique<Item>(world.run(*process, queue.take())))));
    for (int round = 0; round < 6; ++round) {
      CAPTURE(round);
      const auto lose = [&] { round % 2 == 0 ? process->lose_answers() : process->lose_requests(); };
      const auto reconnect = [&] {
        world.settle();
        process->cut();
        world.pass(100ms);
        process->mend();
      };
      lose();
      const auto put = world.begin(*process, queue.put("x"));
      reconnect();
      world.end(put);
      CHECK_FALSE(put->error());
      CHECK(world.children("/q/entries").size() == 1);
      lose();
      const auto taken = world.begin(*process, queue.take());
      reconnect();
      world.end(taken);
      CHECK(taken->value->data() == "x");
      CHECK(world.children("/q/taken").size() == 1);
      lose();
      const auto finished = world.begin(*process, finish(*taken->value));
      reconnect();
      world.end(finished);
      CHECK_FALSE(finished->error());
      CHECK(world.children("/q/entries") == nothing);
      CHECK(world.children("/q/taken") == nothing);
    }
  }
}

TEST_CASE("a taker that is cancelled while its claim is on the way leaves the item to others") {
  for (const bool remembers : {true, false}) {
    World world;
    Process &one = remembers ? world.process() : world.forgetful_process(), &other = world.process();
    world.run(other, Queue(other.client(), "/q").put("x"));
    const Queue queue(one.client(), "/q");
    world.run(one, queue.size());
    asio::cancellation_signal signal;
    // Each time a step later, until it has the item.
    for (int step = 2;; ++step) {  // the first step begins it
      world.settle();
      auto taken = world.begin(one, queue.take(), signal.slot());
      for (int i = 0; i < step; ++i) world.step();
      signal.emit(asio::cancellation_type::terminal);
      world.end(taken);
      if (!taken->error()) {
        CHECK(step > 5);
        break;
      }
      world.settle();
      CHECK(taken->error() == asio::error::operation_aborted);
      CHECK(world.children("/q/taken") == nothing);
    }
  }
}

// A removal is asked for again when its answer is lost; meanwhile the name may be another's.
TEST_CASE("a claim that is given back does not take the next one away") {
  World world;
  Process &one = world.forgetful_process(), &next = world.process();
  world.run(one, Queue(one.client(), "/q").put("x"));
  std::optional<Item> given = world.run(one, Queue(one.client(), "/q").take());
  SECTION("by word") { (void)world.begin(one, give_back(*given)); }
  SECTION("by its end") { given.reset(); }
  while (!world.children("/q/taken").empty()) world.step();
  one.cut();
  Item item = world.run(next, Queue(next.client(), "/q").take());
  one.mend();
  world.pass(1000ms);
  CHECK(one.client().state() == SessionState::connected);
  CHECK(world.exists("/q/taken/" + item.name()));
  world.run(next, finish(item));
}

TEST_CASE("who leaves a group does not take the next member of its name away") {
  World world;
  Process &one = world.forgetful_process(), &next = world.process();
  const auto member = world.begin(one, Group(one.client(), "/g").join("a"));
  world.end(member);
  const auto left = world.begin(one, member->value->leave());
  while (world.exists("/g/a")) world.step();
  one.cut();
  const auto joined = world.begin(next, Group(next.client(), "/g").join("a"));
  world.end(joined);
  one.mend();
  world.end(left);
  CHECK_FALSE(left->error());
  CHECK(world.exists("/g/a"));
}

TEST_CASE("a group knows its members") {
  World world;
  Process &one = world.process(), &other = world.process(1000ms), &outside = world.process();
  const Group group(outside.client(), "/deep/group");
  CHECK(world.run(outside, group.members()).empty());
  auto change = world.begin(outside, group.changed({}));
  world.settle();
  CHECK_FALSE(change->done);
  const auto first = world.begin(one, Group(one.client(), "/deep/group").join("a", "10.0.0.1"));
  world.end(first);
  world.settle();
  CHECK(change->get() == Members{{"a", "10.0.0.1"}});
  CHECK(world.failure(other, Group(other.client(), "/deep/group").join("a")) == ErrorCode::node_exists);
  CHECK(world.failure(one, Group(one.client(), "/deep/group").join("a")) == ErrorCode::node_exists);
  CHECK(world.exists("/deep/group/a"));
  const auto second = world.begin(other, Group(other.client(), "/deep/group").join("b", "x"));
  world.end(second);
  world.run(other, second->value->set("10.0.0.2"));
  const Members both{{"a", "10.0.0.1"}, {"b", "10.0.0.2"}};
  CHECK(world.run(outside, group.members()) == both);
  change = world.begin(outside, group.changed(both));
  world.kill(other);
  world.end(change);
  CHECK(change->get() == Members{{"a", "10.0.0.1"}});
  world.run(one, first->value->leave());
  CHECK(world.children("/deep/group") == nothing);
  CHECK(world.failure(one, first->value->set("x")) == ErrorCode::no_node);
}

TEST_CASE("one joins once, though the answer is lost, and leaves nothing behind if it gives up") {
  World world;
  for (Process* process : {&world.process(), &world.forgetful_process()}) {
    world.until("connected", [&] { return process->client().state() == SessionState::connected; });
    process->lose_answers();
    const auto joined = world.begin(*process, Group(process->client(), "/g").join("a"));
    world.settle();
    process->cut();
    world.pass(100ms);
    process->mend();
    world.end(joined);
    CHECK(world.exists("/g/a"));
    asio::cancellation_signal signal;
    Process& other = world.process();
    const auto refused = world.begin(other, Group(other.client(), "/g").join("a"), signal.slot());
    world.step();
    world.step();
    signal.emit(asio::cancellation_type::terminal);
    world.end(refused);
    world.settle();
    CHECK(world.exists("/g/a"));  // it was another's
    joined->value.reset();
    world.settle();
    CHECK_FALSE(world.exists("/g/a"));
  }
}
