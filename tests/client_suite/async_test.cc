// Tokens, cancellation, time-outs, closing.
#include <muster/client.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "tests/client_suite/context.h"

namespace muster::suite {
namespace {

using asio::use_future;

asio::awaitable<std::string> story(Client client, std::string path) {
  co_await client.async_create(path, "one");
  auto [value, watch] = co_await client.async_get_and_watch(path, asio::use_awaitable);
  const auto [error, stat] = co_await client.async_set(path, "two", 7, asio::as_tuple(asio::use_awaitable));
  if (error != ErrorCode::bad_version) co_return "unexpected: " + error.message();
  co_await client.async_set(path, "three", value.stat.version);
  const WatchedEvent event = co_await watch.async_wait();
  co_return std::string(describe(event.type)) + " " + (co_await client.async_get(path)).data;
}

TEST_CASE("coroutines, futures and callbacks") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  auto told = asio::co_spawn(context.executor(), story(client, c.base + "/a"), use_future);
  CHECK(told.get() == "data changed three");
  CHECK(client.async_get(c.base + "/a", use_future).get().data == "three");
  std::promise<std::string> called;
  client.async_children(c.base, [&called](error_code error, const Children& children) {
    called.set_value(error ? error.message() : children.names.front());
  });
  CHECK(called.get_future().get() == "a");
}

TEST_CASE("an operation ends when its time is over, and the session goes on") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  client.async_connected(use_future).get();
  for (int n = 1; n <= 3; ++n) order("hold " + std::to_string(n));
  const Client hasty = client.with_timeout(100ms);
  auto set = hasty.async_set(c.base, "late", any_version, use_future);
  auto read = hasty.async_get(c.base, use_future);
  const error_code error = error_of(std::move(set));
  CHECK(error == ErrorCode::operation_timeout);
  CHECK(is_outcome_unknown(error));
  CHECK(error_of(std::move(read)) == ErrorCode::operation_timeout);
  pass_all();
  // The write was on its way; what comes later comes after it.
  CHECK(client.async_get(c.base, use_future).get().data == "late");
}

TEST_CASE("what is cancelled before it was sent is not done") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  client.async_connected(use_future).get();
  cut_all();
  eventually("the loss is noticed", [&] { return client.state() == SessionState::connecting; });
  asio::cancellation_signal signal;
  auto cancelled = client.async_create(c.base + "/cancelled", "", {},
                                       asio::bind_cancellation_slot(signal.slot(), use_future));
  auto kept = client.async_create(c.base + "/kept", "", {}, use_future);
  asio::post(context.executor(), [&signal] { signal.emit(asio::cancellation_type::terminal); });
  CHECK(error_of(std::move(cancelled)) == asio::error::operation_aborted);
  pass_all();
  CHECK(error_of(std::move(kept)) == error_code());
  CHECK(client.async_children(c.base, use_future).get().names == std::vector<std::string>{"kept"});
}

TEST_CASE("a wait that is cancelled loses no event") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  const WatchStream changes = client.async_watch(c.base, WatchMode::persistent, use_future).get();
  asio::cancellation_signal signal;
  auto wait = changes.async_next(asio::bind_cancellation_slot(signal.slot(), use_future));
  asio::post(context.executor(), [&signal] { signal.emit(asio::cancellation_type::total); });
  CHECK(error_of(std::move(wait)) == asio::error::operation_aborted);
  good(c.other.set(c.base, "x"));
  CHECK(changes.async_next(use_future).get() == WatchedEvent{EventType::data_changed, c.base});
}

TEST_CASE("a close with requests in flight answers all of them") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  client.async_create(c.base + "/e", "", CreateMode::ephemeral, use_future).get();
  std::vector<std::future<Stat>> sets;
  for (int i = 0; i < 500; ++i) sets.push_back(client.async_set(c.base, "x", any_version, use_future));
  auto closed = client.async_close(use_future);
  int done = 0;
  for (auto& set : sets) {
    const error_code error = error_of(std::move(set));
    if (!error) ++done;
    if (error) CHECK(error == ErrorCode::closing);
  }
  CHECK(error_of(std::move(closed)) == error_code());
  CHECK(client.state() == SessionState::closed);
  CHECK(error_of(client.async_get(c.base, use_future)) == ErrorCode::closing);
  const BlockingClient other = c.other.linearizable();
  CHECK(good(other.get(c.base)).stat.version == done);
  CHECK(good(other.exists(c.base + "/e")) == std::nullopt);
}

TEST_CASE("a close without a connection ends what waits") {
  Case c;
  Context context;
  const Client client(context.executor(), Case::config());
  client.async_connected(use_future).get();
  cut_all();
  eventually("the loss is noticed", [&] { return client.state() == SessionState::connecting; });
  auto waiting = client.async_get(c.base, use_future);
  client.close();
  CHECK(error_of(std::move(waiting)) == ErrorCode::closing);
}

TEST_CASE("closing and destroying the client in a callback") {
  Case c;
  Context context;
  std::promise<void> over;
  auto client = std::make_shared<Client>(context.executor(), Case::config());
  client->async_get(c.base, [&, client](error_code error, const Value&) mutable {
    CHECK_FALSE(error);
    client->async_get("/", [&over](error_code, const Value&) { over.set_value(); });
    client->close();
    client.reset();
  });
  client.reset();
  CHECK(over.get_future().wait_for(long_time) == std::future_status::ready);
}

}  // namespace
}  // namespace muster::suite
