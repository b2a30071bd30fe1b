#include "tests/simulation/recipe_client.h"

#include <fmt/core.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace muster::simulation {
namespace {

using recipes::Lock;
using std::chrono::milliseconds;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr int workers = 2;  // coroutines of one process
constexpr std::size_t semaphore_limit = 2;

std::string place(const char* name) { return std::string(recipes_root) + "/" + name; }

bool session_ended(const error_code& error) {
  return error == ErrorCode::session_expired || error == ErrorCode::closing;
}

}  // namespace

// What one process has at hand; its coroutines hold it.
struct RecipeClient::Run {
  Run(const muster::Client& with, EditLedger& edits, MeetingLedger& meetings, Random random, int index,
      int process)
      : client(with),
        counter(with, place("counter")),
        queue(with, place("queue")),
        follower(std::make_shared<RecipeFollower>(with, edits, random.fork(1), index)),
        guest(std::make_shared<RecipeGuest>(with, meetings, random.fork(2),
                                            fmt::format("{}-{}", index, process))) {}

  muster::Client client;
  recipes::Counter counter;
  recipes::Queue queue;
  std::shared_ptr<RecipeFollower> follower;
  std::shared_ptr<RecipeGuest> guest;
  int working = workers + 2;  // and these two
};

RecipeClient::RecipeClient(Loop& loop, const Profile& profile, Sockets& sockets, RecipeLedger& ledger,
                           EditLedger& edits, MeetingLedger& meetings, int index, Random random)
    : loop_(loop),
      profile_(profile),
      sockets_(sockets),
      ledger_(ledger),
      edits_(edits),
      meetings_(meetings),
      index_(index),
      random_(random) {}

void RecipeClient::start() {
  begin_process();
  loop_.after(random_.between(0, 500'000), [this] { live(); });
}

void RecipeClient::fall_silent() {
  silent_ = true;
  if (process_->frozen()) process_->thaw();
}

bool RecipeClient::settled() const { return run_->working == 0; }

bool RecipeClient::shows(const tree::Tree& tree) const {
  return run_->follower->shows(tree) && run_->guest->shows(tree);
}

void RecipeClient::begin_process() {
  run_.reset();
  process_.reset();
  ClientConfig config;
  config.servers.clear();
  for (int server = 0; server < profile_.servers; ++server) {
    config.servers += (server == 0 ? "" : ",") + std::to_string(server);
  }
  config.session_timeout = milliseconds(profile_.tick_ms * random_.between(4, 12));
  // Of some the servers remember no outcomes, as ZooKeeper's.
  if (random_.chance(1, 2)) config.remembered_writes = 0;
  process_ = std::make_unique<LibraryProcess>(loop_, sockets_, random_.fork(random_.next()), config);
  run_ = std::make_shared<Run>(process_->client(), edits_, meetings_, random_.fork(random_.next()), index_,
                               ++processes_);
  const auto ended = [run = run_.get()](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
    --run->working;
  };
  for (int i = 0; i < workers; ++i) asio::co_spawn(process_->io(), work(run_), ended);
  RecipeFollower& follower = *run_->follower;
  asio::co_spawn(process_->io(), follower.work([this] { return silent_; }, profile_.recipe_think_ms * 2),
                 ended);
  RecipeGuest& guest = *run_->guest;
  asio::co_spawn(process_->io(), guest.work([this] { return silent_; }, profile_.recipe_think_ms * 2), ended);
  // They end with the session; how it ends is told to all others.
  const auto over = [](const std::exception_ptr& failure) {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const boost::system::system_error&) {
    }
  };
  asio::co_spawn(process_->io(), follower.watch_board(), over);
  asio::co_spawn(process_->io(), follower.watch_configuration(), over);
  asio::co_spawn(process_->io(), guest.watch_group(), over);
  process_->pump();
}

// What happens to its process.
void RecipeClient::live() {
  const std::int64_t timeout_us = process_->client().negotiated_timeout().count() * 1000;
  if (is_over(process_->client().state()) && !process_->frozen() && settled() && !silent_) {
    begin_process();
  } else if (!calm_ && random_.chance(1, 40)) {
    process_->cut_until(loop_.now_us() + random_.between(0, timeout_us * 3 / 2));
  } else if (!calm_ && random_.chance(1, 40) && !process_->frozen()) {
    process_->freeze();
    loop_.after(random_.between(0, timeout_us * 2), [this, alive = std::weak_ptr(run_)] {
      if (!alive.expired() && process_->frozen()) process_->thaw();
    });
  } else if (!calm_ && random_.chance(1, 100)) {
    loop_.note("recipe client killed", {index_});
    begin_process();
  }
  if (calm_ && process_->frozen()) process_->thaw();
  loop_.after(random_.between(50'000, 500'000), [this] { live(); });
}

asio::awaitable<void> RecipeClient::work(std::shared_ptr<Run> run) {
  while (!silent_) {
    error_code error;
    try {
      switch (random_.below(6)) {
        case 0:
          co_await count_once(run);
          break;
        case 1:
          co_await put_once(run);
          break;
        case 2:
          co_await take_once(run);
          break;
        default:
          co_await lock_once(run);
      }
    } catch (const boost::system::system_error& failure) {
      error = failure.code();
    }
    if (session_ended(error)) co_return;
    if (error && !refuses_writes(error))
      broken("recipe-error", fmt::format("recipe client {}: {}", index_, error.message()));
    const auto [over] = co_await run->client.async_wait_for(some_ms(0, profile_.recipe_think_ms), quietly);
    if (over) co_return;
  }
}

asio::awaitable<void> RecipeClient::lock_once(std::shared_ptr<Run> run) {
  const muster::Client& client = run->client;
  const milliseconds limit = some_ms(1, 20'000);
  std::optional<Lock> held;
  std::string name = "mutex";
  bool shared = false;
  std::size_t limited = 0;
  switch (random_.below(5)) {
    case 0:
      name = "rw";
      held = co_await recipes::ReadWriteLock(client, place("rw")).write_within(limit);
      break;
    case 1:
      name = "rw";
      shared = true;
      held = co_await recipes::ReadWriteLock(client, place("rw")).read_within(limit);
      break;
    case 2:
      name = "semaphore";
      limited = semaphore_limit;
      held = co_await recipes::Semaphore(client, place("semaphore"), semaphore_limit).acquire_within(limit);
      break;
    case 3:
      name = "election";
      held = co_await recipes::Election(client, place("election"), std::to_string(index_))
                 .campaign_within(limit);
      break;
    default:
      held = co_await recipes::Mutex(client, place("mutex")).lock_within(limit);
  }
  if (held) co_await hold(run, name, shared, limited, *std::move(held));
}

asio::awaitable<void> RecipeClient::hold(std::shared_ptr<Run> run, std::string lock, bool shared,
                                         std::size_t limit, Lock held) {
  if (held.certain_for() == milliseconds(0)) co_return;  // it was given, and lost before it was heard of
  struct Held {
    RecipeLedger& ledger;
    std::string lock;
    std::uint64_t number;
    ~Held() { ledger.released(lock, number); }
  };
  const muster::Client client = run->client;
  const Held listed{ledger_, lock, ledger_.holds(lock, shared, held.token(), limit, [client] {
                      return client.session_time_left() > milliseconds(0);
                    })};
  loop_.note("holds", {index_, held.token().value});
  if (calm_) ++served_since_calm_;
  const std::string resource = place("resource-") + lock;
  for (std::uint64_t writes = random_.below(3); writes > 0; --writes) {
    Transaction change;
    const Key<Stat> set = change.set(resource, to_string(held.token()));
    if (limit == 0 && !shared) held.guard(change);
    const auto [error, result] = co_await client.async_multi(change, quietly);
    if (!error && limit == 0 && !shared) ledger_.wrote(lock, held.token(), result[set].mzxid);
    if (session_ended(error)) throw boost::system::system_error(error);
    if (error == ErrorCode::no_node) {
      co_await client.async_create(resource, "", CreateMode::persistent, quietly);
    } else if (error && error != ErrorCode::connection_loss && !refuses_writes(error)) {
      broken("recipe-error", fmt::format("a guarded write of client {}: {}", index_, error.message()));
    }
    const auto [over] = co_await client.async_wait_for(some_ms(0, 300), quietly);
    if (over) throw boost::system::system_error(over);
  }
  // Half of them let it go out of scope.
  if (random_.chance(1, 2)) co_return;
  Transaction late;
  late.set(resource, "late");
  held.guard(late);
  ledger_.released(listed.lock, listed.number);
  co_await held.unlock();
  const auto [error, result] = co_await client.async_multi(late, quietly);
  if (!error) broken("stale-write", fmt::format("client {} wrote after it had given {} up", index_, lock));
}

asio::awaitable<void> RecipeClient::count_once(std::shared_ptr<Run> run) {
  const std::int64_t amount = random_.between(1, 9);
  ledger_.adds(amount);
  co_await run->counter.add(amount);
  ledger_.added(amount);
}

asio::awaitable<void> RecipeClient::put_once(std::shared_ptr<Run> run) {
  const std::string item = ledger_.new_item();
  co_await run->queue.put(item, static_cast<int>(random_.between(0, 3)));
  ledger_.put(item);
}

asio::awaitable<void> RecipeClient::take_once(std::shared_ptr<Run> run) {
  std::optional<recipes::Item> item = co_await run->queue.take_within(some_ms(1, 5'000));
  if (!item) co_return;
  const auto [over] = co_await run->client.async_wait_for(some_ms(0, 300), quietly);
  if (over) throw boost::system::system_error(over);
  if (random_.chance(1, 4)) co_return;  // it does not get done
  const std::string done = place("done");
  for (;;) {
    const auto [failed, there] = co_await run->client.async_exists(done, quietly);
    if (failed) throw boost::system::system_error(failed);
    if (there) break;
    const auto [error, created] =
        co_await run->client.async_create(done, "", CreateMode::persistent, quietly);
    if (session_ended(error)) throw boost::system::system_error(error);
  }
  Transaction effect;
  effect.create(done + "/" + item->data(), "");
  const std::string data = item->data();
  co_await item->finish(std::move(effect));
  ledger_.finished(data);
}

}  // namespace muster::simulation
