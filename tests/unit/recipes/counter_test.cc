#include <muster/recipes/counter.h>

#include "world.h"

using namespace muster;
using namespace std::chrono_literals;
using recipes::Counter;
using test::Process;
using test::World;

namespace {

// Adds one, so many times.
asio::awaitable<std::int64_t> count(Counter counter, int times) {
  std::int64_t sum = 0;
  for (int i = 0; i < times; ++i) sum = co_await counter.add(1);
  co_return sum;
}

}  // namespace

TEST_CASE("two names are never the same") {
  World world;
  Process& process = world.process();
  const std::string one = process.client().make_guid(), other = process.client().make_guid();
  CHECK(one != other);
  CHECK(one.size() == 36);
  CHECK(one[14] == '4');
}

TEST_CASE("a session's time is told on the client's clock, also after a pause of the process") {
  World world;
  Process& process = world.process(2000ms);
  CHECK(process.client().session_time_left() == 0ms);
  world.until("connected", [&] { return process.client().state() == SessionState::connected; });
  CHECK(process.client().session_time_left() == 2000ms);
  process.freeze();
  world.pass(1500ms);
  CHECK(process.client().session_time_left() == 500ms);
  world.pass(600ms);
  CHECK(process.client().state() == SessionState::connected);  // it has not run
  CHECK(process.client().session_time_left() == 0ms);
}

TEST_CASE("a pause takes its time, and ends with the session") {
  World world;
  Process& process = world.process();
  const auto pause = [](Client client, std::chrono::milliseconds time) -> asio::awaitable<void> {
    co_await client.async_wait_for(time);
  };
  world.until("connected", [&] { return process.client().state() == SessionState::connected; });
  const auto task = world.begin(process, pause(process.client(), 1000ms));
  world.pass(975ms);
  CHECK_FALSE(task->done);
  world.pass(25ms);
  CHECK(task->done);
  CHECK_FALSE(task->error());
  const auto longer = world.begin(process, pause(process.client(), 100'000ms));
  world.settle();
  process.client().close();
  world.settle();
  CHECK(longer->error() == ErrorCode::closing);
  CHECK(world.failure(process, pause(process.client(), 1ms)) == ErrorCode::closing);
}

TEST_CASE("a counter") {
  World world;
  Process& process = world.process();
  Counter counter(process.client(), "/deep/counter");
  CHECK(world.run(process, counter.get()) == 0);
  CHECK(world.run(process, counter.add(7)) == 7);
  CHECK(world.run(process, counter.add(-10)) == -3);
  CHECK(world.run(process, counter.get()) == -3);
  CHECK(world.data("/deep/counter") == "-3");
  CHECK(world.run(process, counter.add(INT64_MAX)) == INT64_MAX - 3);
  CHECK(world.failure(process, counter.add(INT64_MAX)) == ErrorCode::bad_arguments);
}

TEST_CASE("what is no number is not overwritten") {
  World world;
  Process& process = world.process();
  world.run(process, [](Client client) -> asio::awaitable<void> {
    co_await client.async_create("/c", "12 monkeys");
  }(process.client()));
  Counter counter(process.client(), "/c");
  CHECK(world.failure(process, counter.add(1)) == ErrorCode::marshalling_error);
  CHECK(world.failure(process, counter.get()) == ErrorCode::marshalling_error);
  CHECK(world.data("/c") == "12 monkeys");
}

TEST_CASE("many add to one counter at once") {
  World world;
  std::vector<test::Task<std::int64_t>> tasks;
  for (int i = 0; i < 4; ++i) {
    Process& process = i % 2 == 0 ? world.process() : world.forgetful_process();
    tasks.push_back(world.begin(process, count(Counter(process.client(), "/c"), 50)));
  }
  for (const auto& task : tasks) world.end(task);
  CHECK(world.data("/c") == "200");
  world.settle();
  CHECK(world.children("/c").empty());  // the marks are gone with the counters
}

// A write whose answer was lost is the trap: to do it again counts twice, not to do it again may lose it.
TEST_CASE(
    "a counter counts exactly across lost answers and lost requests, whether outcomes are remembered or "
    "not") {
  World world;
  Process* processes[] = {&world.process(), &world.forgetful_process()};
  std::int64_t added = 0;
  for (Process* process : processes) {
    Counter counter(process->client(), "/c");
    world.run(*process, counter.add(1));
    ++added;
    for (int round = 0; round < 6; ++round) {
      round % 2 == 0 ? process->lose_answers() : process->lose_requests();
      const auto task = world.begin(*process, counter.add(1));
      world.settle();
      process->cut();
      world.pass(100ms);
      process->mend();
      world.end(task);
      CHECK(task->get() == ++added);
      CHECK(world.data("/c") == std::to_string(added));
    }
  }
}
