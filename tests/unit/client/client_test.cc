// The asynchronous client against a server that obeys the test: completion tokens, cancellation, time-outs, ends.
#include <muster/client.h>

#include <atomic>
#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "fake_server.h"

using namespace muster;
using client::FakeServer;
using std::chrono::milliseconds;
namespace asio = boost::asio;

namespace {

constexpr auto to_end = [](const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
};

ClientConfig at(const FakeServer& server, const std::string& chroot = "") {
  ClientConfig config;
  config.servers = server.address() + chroot;
  config.min_backoff = milliseconds(1);
  config.max_backoff = milliseconds(5);
  return config;
}

// Lists in a coroutine are more than GCC 12 can take.
const std::vector<std::string> a_and_b{"a", "b"};
const std::vector<std::string> just_e{"/e"};

// Runs a coroutine with a client until it ends and the session is over.
template <class Story>
void tell(const ClientConfig& config, Story story) {
  asio::io_context io;
  Client client(io.get_executor(), config);
  asio::co_spawn(io, story(std::move(client)), to_end);
  io.run();
}

// Lets others run until it is so.
template <class Condition>
asio::awaitable<void> until(Condition condition) {
  while (!condition()) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

std::optional<wire::Reply> refuse_reads(const wire::Request& request) {
  if (std::holds_alternative<wire::GetDataRequest>(request)) return wire::Reply{ErrorCode::no_node, {}};
  return FakeServer::agree(request);
}

}  // namespace

TEST_CASE("a callback, a future, awaitables and tuples complete an operation") {
  FakeServer server;
  asio::io_context io;
  const Client client(io.get_executor(), at(server));
  std::string by_callback;
  client.async_get("/callback", [&](error_code error, Value value) {
    CHECK_FALSE(error);
    by_callback = value.data;
  });
  auto by_future = client.async_get("/future", asio::use_future);
  auto watched = client.async_get_and_watch("/future", asio::use_future);
  auto later = client.async_get("/later");  // deferred: not before it is called
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        const auto got1 = co_await client.async_get("/deferred");
        CHECK(got1.data == "/deferred");
        const auto got2 = co_await client.async_get("/awaitable", asio::use_awaitable);
        CHECK(got2.data == "/awaitable");
        const auto [error, value] = co_await client.async_get("/tuple", asio::as_tuple(asio::use_awaitable));
        CHECK_FALSE(error);
        CHECK(value.data == "/tuple");
        const auto [error2, value2] = co_await client.async_get("/both", asio::as_tuple(asio::deferred));
        CHECK(value2.data == "/both");
        const auto got3 = co_await std::move(later);
        CHECK(got3.data == "/later");
        client.close();
      },
      to_end);
  io.run();
  CHECK(by_callback == "/callback");
  CHECK(by_future.get().data == "/future");
  const auto [value, watch] = watched.get();
  CHECK(value.data == "/future");
  CHECK(watch);
}

TEST_CASE("an error is an error_code to a callback and a system_error to a coroutine") {
  FakeServer server(refuse_reads);
  tell(at(server), [](Client client) -> asio::awaitable<void> {
    const auto [error, value] = co_await client.async_get("/a", asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::no_node);
    CHECK(error.message() == "node does not exist");
    CHECK(value == Value{});
    bool threw = false;
    try {
      co_await client.async_get("/a");
    } catch (const boost::system::system_error& thrown) {
      threw = thrown.code() == ErrorCode::no_node;
    }
    CHECK(threw);
    const auto [bad, none] = co_await client.async_get("a//b", asio::as_tuple(asio::deferred));
    CHECK(bad == ErrorCode::bad_arguments);
    CHECK_FALSE(is_outcome_unknown(bad));
  });
}

TEST_CASE("every operation gives what its comment says") {
  FakeServer server;
  tell(at(server, "/root"), [](Client client) -> asio::awaitable<void> {
    const auto got4 = co_await client.async_create("/a", "x", CreateMode::container);
    CHECK(got4.path == "/a");
    const auto below = co_await client.async_get("/a");
    CHECK(below.data == "/root/a");  // the chroot goes before it
    const auto got5 = co_await client.async_get("/");
    CHECK(got5.data == "/root");
    const auto got6 = co_await client.async_get_config();
    CHECK(got6.data == "/zookeeper/config");
    co_await client.async_set("/a", "y", 3);
    co_await client.async_remove("/a");
    const auto got7 = co_await client.async_exists("/a");
    CHECK(got7.has_value());
    const auto got8 = co_await client.async_children("/a");
    CHECK(got8.names == a_and_b);
    const auto got9 = co_await client.async_count_descendants("/a");
    CHECK(got9 == 3);
    const auto got10 = co_await client.async_get_acl("/a");
    CHECK(got10.acl == open_acl());
    co_await client.async_set_acl("/a", read_only_acl());
    const auto got11 = co_await client.async_ephemerals();
    CHECK(got11 == just_e);
    co_await client.async_sync();
    co_await client.async_connected();
    co_await client.async_add_auth("digest", "me:secret");
    const auto got12 = co_await client.async_who_am_i();
    CHECK(got12.at(0).scheme == "ip");
    CHECK(client.state() == SessionState::connected);
    CHECK(client.session_id() == SessionId{7});
    CHECK(client.negotiated_timeout() == milliseconds(10'000));
  });
}

TEST_CASE("a transaction's results are read by their keys, and a failed one names its culprit") {
  FakeServer server;
  tell(at(server), [&server](Client client) -> asio::awaitable<void> {
    Transaction transaction;
    transaction.check("/a", 1);
    const auto made = transaction.create("/b", "x");
    const auto set = transaction.set("/c", "y");
    transaction.remove("/d");
    const TransactionResult result = co_await client.async_multi(transaction);
    CHECK(result[made].path == "/b");
    CHECK(result[set] == Stat{});
    CHECK_FALSE(result.failed_operation());
    server.answer_with([](const wire::Request&) {
      wire::MultiReply reply;
      for (const ErrorCode error : {ErrorCode::ok, ErrorCode::node_exists, ErrorCode::runtime_inconsistency,
                                    ErrorCode::runtime_inconsistency})
        reply.results.push_back({wire::OpCode::error, error, {}});
      return std::optional(wire::Reply{ErrorCode::ok, reply});
    });
    const auto [error, failed] = co_await client.async_multi(transaction, asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::node_exists);
    CHECK(failed.failed_operation() == 1U);
    CHECK_THROWS(failed[made]);
    server.answer_with(FakeServer::agree);
    ReadBatch batch;
    const auto value = batch.get("/a");
    const auto names = batch.children("/b");
    const ReadBatchResult reads = co_await client.async_multi_read(batch);
    CHECK(reads[value]->data == "/a");
    CHECK(*reads[names] == a_and_b);
  });
}

TEST_CASE("a linearizable handle sends a sync before each read, and fails with it") {
  FakeServer server;
  tell(at(server), [&server](Client client) -> asio::awaitable<void> {
    const Client exact = client.linearizable();
    const auto got13 = co_await exact.async_get("/a");
    CHECK(got13.data == "/a");
    CHECK(server.received(wire::OpCode::sync) == 1);
    co_await exact.async_set("/a", "x");
    CHECK(server.received(wire::OpCode::sync) == 1);
    server.answer_with([](const wire::Request& request) {
      if (std::holds_alternative<wire::SyncRequest>(request))
        return std::optional(wire::Reply{ErrorCode::not_read_only, {}});
      return FakeServer::agree(request);
    });
    const auto [error, value] = co_await exact.async_get("/a", asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::not_read_only);
  });
}

TEST_CASE("events are told to the watch whose they are, also those that came before anybody waited") {
  FakeServer server;
  tell(at(server, "/root"), [&server](Client client) -> asio::awaitable<void> {
    auto [value, watch] = co_await client.async_get_and_watch("/a");
    WatchStream stream = co_await client.async_watch("/", WatchMode::recursive);
    server.tell(wire::EventType::node_data_changed, "/root/a");
    const WatchedEvent changed{EventType::data_changed, "/a"};
    const auto got14 = co_await watch.async_wait();
    CHECK(got14 == changed);
    const auto got15 = co_await watch.async_wait();
    CHECK(got15 == changed);
    const auto got16 = co_await stream.async_next();
    CHECK(got16 == changed);
    server.break_connections();
    const auto got17 = co_await stream.async_next();
    CHECK(got17 == WatchedEvent{EventType::gap, "/"});
    { const WatchStream ends = std::move(stream); }
    co_await until([&] { return server.received(wire::OpCode::remove_watches) == 1; });
    CHECK(server.received(wire::OpCode::set_watches2) == 1);
    const auto [error, none] = co_await stream.async_next(asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::bad_arguments);
  });
}

TEST_CASE("a stream that is not read loses its oldest events, and says so") {
  FakeServer server;
  ClientConfig config = at(server);
  config.max_events = 2;
  tell(config, [&server](Client client) -> asio::awaitable<void> {
    const WatchStream stream = co_await client.async_watch("/", WatchMode::recursive);
    for (int i = 1; i <= 4; ++i) server.tell(wire::EventType::node_created, "/" + std::to_string(i));
    co_await client.async_sync();  // behind them
    const auto got18 = co_await stream.async_next();
    CHECK(got18 == WatchedEvent{EventType::gap, "/"});
    const auto got19 = co_await stream.async_next();
    CHECK(got19 == WatchedEvent{EventType::node_created, "/4"});
  });
}

TEST_CASE("session events tell the state as it is and each change, then how it ended") {
  FakeServer server;
  tell(at(server), [&server](Client client) -> asio::awaitable<void> {
    co_await client.async_connected();
    const SessionEvents events = client.session_events();
    const auto got20 = co_await events.async_next();
    CHECK(got20 == SessionState::connected);
    server.break_connections();
    const auto got21 = co_await events.async_next();
    CHECK(got21 == SessionState::connecting);
    const auto got22 = co_await events.async_next();
    CHECK(got22 == SessionState::connected);
    co_await client.async_close();
    CHECK(server.received(wire::OpCode::close_session) == 1);
    const auto got23 = co_await events.async_next();
    CHECK(got23 == SessionState::closed);
    const auto [error, none] = co_await events.async_next(asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::closing);
    co_await client.async_close();  // once more
  });
}

TEST_CASE("a time-out ends the wait; it is not known whether a write was done") {
  FakeServer server(FakeServer::be_silent);
  tell(at(server), [&server](Client client) -> asio::awaitable<void> {
    const Client hasty = client.with_timeout(milliseconds(20));
    const auto [error, stat] =
        co_await hasty.async_set("/a", "x", any_version, asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::operation_timeout);
    CHECK(is_outcome_unknown(error));
    server.answer_with(FakeServer::agree);
    server.break_connections();  // the server will never answer what it ignored
    const auto got24 = co_await client.async_get("/b");
    CHECK(got24.data == "/b");
  });
}

TEST_CASE("async_connected waits no longer than connect_timeout; the client goes on trying") {
  ClientConfig config;
  {
    const FakeServer gone;
    config = at(gone);
  }
  config.connect_timeout = milliseconds(20);
  tell(config, [](Client client) -> asio::awaitable<void> {
    const auto [error] = co_await client.async_connected(asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::operation_timeout);
    CHECK(client.state() == SessionState::connecting);
  });
}

TEST_CASE("an operation that is cancelled completes at once, whether it was sent or not") {
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total}) {
    FakeServer server(FakeServer::be_silent);
    ClientConfig config = at(server);
    config.max_in_flight = 1;
    tell(config, [&server, type](Client client) -> asio::awaitable<void> {
      asio::cancellation_signal signals[4];
      std::vector<error_code> ended;
      const auto end = [&](error_code error, auto...) { ended.push_back(error); };
      co_await client.async_connected();
      const SessionEvents events = client.session_events();
      co_await events.async_next();
      client.async_set("/sent", "", any_version, asio::bind_cancellation_slot(signals[0].slot(), end));
      client.async_set("/waits", "", any_version, asio::bind_cancellation_slot(signals[1].slot(), end));
      client.linearizable().async_get("/waits", asio::bind_cancellation_slot(signals[2].slot(), end));
      events.async_next(asio::bind_cancellation_slot(signals[3].slot(), end));
      co_await until([&] { return server.received(wire::OpCode::set_data) == 1; });
      for (asio::cancellation_signal& signal : signals) signal.emit(type);
      for (asio::cancellation_signal& signal : signals) signal.emit(type);  // no harm
      co_await until([&] { return ended.size() == 4; });
      for (const error_code& error : ended) CHECK(error == asio::error::operation_aborted);
      server.answer_with(FakeServer::agree);
      server.break_connections();
      co_await client.async_sync();
      // What was sent is left to its fate, what waited was withdrawn.
      CHECK(server.received(wire::OpCode::set_data) == 1);
      CHECK(server.received(wire::OpCode::get_data) == 0);
    });
  }
}

TEST_CASE("a coroutine is cancelled in the midst of an operation") {
  FakeServer server(FakeServer::be_silent);
  asio::io_context io;
  const Client client(io.get_executor(), at(server));
  asio::cancellation_signal signal;
  bool ended = false;
  asio::co_spawn(
      io, [&]() -> asio::awaitable<void> { co_await client.async_get("/a"); },
      asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& failure) {
        ended = failure != nullptr;
        client.close();
      }));
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        co_await until([&] { return server.received(wire::OpCode::get_data) == 1; });
        signal.emit(asio::cancellation_type::terminal);
      },
      to_end);
  io.run();
  CHECK(ended);
}

TEST_CASE("completions come in the order of the answers, on the handler's executor") {
  FakeServer server;
  asio::io_context io;
  asio::thread_pool pool(3);
  auto strand = asio::make_strand(pool);
  const Client client(io.get_executor(), at(server));
  std::vector<int> order;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 500; ++i) {
    client.async_get("/a", asio::bind_executor(strand, [&, i](error_code, const Value&) {
                       if (!strand.running_in_this_thread()) ++wrong;
                       order.push_back(i);
                       if (i == 499) client.close();
                     }));
  }
  io.run();
  pool.join();
  CHECK(wrong == 0);
  REQUIRE(order.size() == 500);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("a handler of erased type is called too, and one that can only be moved") {
  FakeServer server;
  asio::io_context io;
  const Client client(io.get_executor(), at(server));
  bool called = false;
  asio::any_completion_handler<void(error_code, Value)> handler = [&](error_code error, const Value& value) {
    called = !error && value.data == "/a";
    client.close();
  };
  client.async_get("/a", [own = std::make_unique<int>(1)](error_code, const Value&) { CHECK(*own == 1); });
  client.async_get("/a", std::move(handler));
  io.run();
  CHECK(called);
}

TEST_CASE("user code never runs inside a call") {
  FakeServer server;
  asio::io_context io;
  const Client client(io.get_executor(), at(server));
  bool inside = true;
  int called = 0;
  asio::post(io, [&] {
    const auto count = [&](error_code, auto...) {
      CHECK_FALSE(inside);
      ++called;
    };
    client.async_get("not a path", count);
    client.close();
    client.async_get("/a", count);
    client.async_connected(count);
    client.async_close(count);
    inside = false;
  });
  io.run();
  CHECK(called == 4);
}

TEST_CASE("close in a callback, and the last copy destroyed in one") {
  FakeServer server(FakeServer::be_silent);
  asio::io_context io;
  auto client = std::make_unique<Client>(io.get_executor(), at(server));
  error_code pending;
  client->async_connected([&](error_code) {
    client->async_get("/a", [&](error_code error, const Value&) { pending = error; });
    client->close();
    client->close();
    client.reset();
  });
  io.run();
  CHECK(server.received(wire::OpCode::close_session) == 1);
  CHECK(pending.failed());
}

TEST_CASE("after close every operation fails with closing") {
  FakeServer server;
  tell(at(server), [](Client client) -> asio::awaitable<void> {
    co_await client.async_close();
    const auto [error, value] = co_await client.async_get("/a", asio::as_tuple(asio::deferred));
    CHECK(error == ErrorCode::closing);
    CHECK(client.state() == SessionState::closed);
  });
}

TEST_CASE("a watch that outlives its client says why") {
  FakeServer server;
  asio::io_context io;
  Watch watch;
  error_code why;
  {
    const Client client(io.get_executor(), at(server));
    client.async_get_and_watch("/a", [&](error_code, const Value&, Watch set) {
      watch = std::move(set);
      watch.async_wait([&](error_code error, const WatchedEvent&) { why = error; });
    });
    while (!watch) io.run_one();
  }
  io.run();
  CHECK(why == ErrorCode::closing);
}

TEST_CASE("the context may go with operations outstanding, and before the client") {
  FakeServer server(FakeServer::be_silent);
  std::optional<Client> survivor;
  Watch watch;
  SessionEvents events;
  {
    asio::io_context io;
    survivor.emplace(io.get_executor(), at(server));
    events = survivor->session_events();
    int called = 0;
    // Handlers that own their client, and coroutines that do.
    survivor->async_get("/a", [client = *survivor, &called](error_code, const Value&) { ++called; });
    survivor->async_connected([client = *survivor](error_code) {});
    asio::co_spawn(
        io,
        [](Client client) -> asio::awaitable<void> {
          const SessionEvents own = client.session_events();
          for (;;) co_await own.async_next();
        }(*survivor),
        asio::detached);
    while (server.received(wire::OpCode::get_data) == 0) io.run_one();
    CHECK(called == 0);
  }
  survivor->close();
}

TEST_CASE("many threads use one client") {
  FakeServer server;
  asio::thread_pool pool(2);
  constexpr int threads = 4;
  constexpr int calls = 200;
  std::atomic<int> answered{0};
  {
    Client client(pool.get_executor(), at(server));
    std::vector<std::thread> callers;
    for (int t = 0; t < threads; ++t) {
      callers.emplace_back([client, &answered] {
        for (int i = 0; i < calls; ++i) {
          const auto count = [&](error_code error, auto...) { answered += error ? 0 : 1; };
          client.async_get("/a", count);
          client.async_set("/a", "x", any_version, count);
          client.async_get_and_watch("/b", count);  // and drops the watch, somewhere
          client.linearizable().async_get("/c", count);
          (void)client.state();
        }
      });
    }
    for (int i = 0; i < 50; ++i) server.tell(wire::EventType::node_data_changed, "/b");
    for (std::thread& caller : callers) caller.join();
    auto done = client.async_sync("/", asio::use_future);
    done.get();
    client.async_close(asio::use_future).get();
  }
  pool.join();
  CHECK(answered == threads * calls * 4);
}

TEST_CASE("a client that is closed and destroyed while others call it") {
  for (int round = 0; round < 10; ++round) {
    FakeServer server;
    asio::thread_pool pool(2);
    std::atomic<int> completed{0};
    {
      Client client(pool.get_executor(), at(server));
      std::thread caller([client, &completed] {
        for (int i = 0; i < 100; ++i) client.async_get("/a", [&](error_code, const Value&) { ++completed; });
      });
      client.async_connected([client](error_code) { client.close(); });
      server.break_connections();
      caller.join();
    }
    pool.join();
    CHECK(completed == 100);
  }
}

TEST_CASE("a write in flight is sent again to a server that remembers, and done once in the caller's eyes") {
  FakeServer server(FakeServer::be_silent);
  server.remember(1'000);
  tell(at(server), [&server](Client client) -> asio::awaitable<void> {
    std::optional<error_code> set;
    client.async_set("/a", "x", any_version, [&](error_code error, const Stat&) { set = error; });
    co_await until([&] { return server.received(wire::OpCode::set_data) == 1; });
    server.answer_with(FakeServer::agree);
    server.break_connections();
    co_await client.async_sync();
    CHECK(set == error_code());
    CHECK(server.received(wire::OpCode::set_data) == 2);
  });
}

TEST_CASE("the servers' list may change") {
  FakeServer first, second;
  tell(at(first), [&](Client client) -> asio::awaitable<void> {
    co_await client.async_sync();
    client.update_servers(second.address());
    CHECK_THROWS_AS(client.update_servers(second.address() + "/elsewhere"), std::invalid_argument);
    const SessionEvents events = client.session_events();
    while (second.received(wire::OpCode::sync) == 0) co_await client.async_sync();
    CHECK(first.received(wire::OpCode::close_session) == 0);
  });
  CHECK(second.received(wire::OpCode::close_session) == 1);
}

TEST_CASE("a configuration that makes no sense is refused in a sentence") {
  asio::io_context io;
  CHECK(why_invalid(ClientConfig{}).empty());
  ClientConfig config;
  config.servers = "a:b:c";
  CHECK(why_invalid(config).find("is not a server") != std::string::npos);
  CHECK_THROWS_AS(Client(io.get_executor(), config), std::invalid_argument);
  config = {};
  config.session_timeout = milliseconds(0);
  CHECK(why_invalid(config).find("session_timeout") != std::string::npos);
}
