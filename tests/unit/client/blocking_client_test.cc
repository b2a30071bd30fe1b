// The blocking client waits for what the asynchronous one gives.
#include <muster/blocking_client.h>

#include <catch2/catch.hpp>
#include <thread>

#include "fake_server.h"

using namespace muster;
using client::FakeServer;
using std::chrono::milliseconds;

namespace {

ClientConfig at(const FakeServer& server) {
  ClientConfig config;
  config.servers = server.address();
  return config;
}

}  // namespace

TEST_CASE("blocking calls give values and errors") {
  FakeServer server;
  const BlockingClient client(at(server));
  REQUIRE(client.connected().has_value());
  CHECK(client.create("/a", "x", CreateMode::ephemeral).value().path == "/a");
  CHECK(client.get("/a").value().data == "/a");
  CHECK(client.set("/a", "y").has_value());
  CHECK(client.remove("/a").has_value());
  CHECK(client.exists("/a").value().has_value());
  CHECK(client.children("/a").value().names.size() == 2);
  CHECK(client.count_descendants("/a").value() == 3);
  CHECK(client.sync().has_value());
  CHECK(client.add_auth("digest", "me:secret").has_value());
  CHECK(client.who_am_i().value().size() == 1);
  CHECK(client.linearizable().get("/a").has_value());
  CHECK(client.get("a").error() == ErrorCode::bad_arguments);
  CHECK(client.state() == SessionState::connected);
  server.answer_with([](const wire::Request&) { return std::optional(wire::Reply{ErrorCode::no_node, {}}); });
  CHECK(client.get("/a").error() == ErrorCode::no_node);
  CHECK_FALSE(client.exists("/a").value().has_value());
  CHECK_THROWS_AS(client.get("/a").value(), boost::system::system_error);
}

TEST_CASE("a blocking transaction names the operation that failed") {
  FakeServer server;
  const BlockingClient client(at(server));
  Transaction transaction;
  const auto made = transaction.create("/a", "");
  CHECK(client.multi(transaction).value()[made].path == "/a");
  server.answer_with([](const wire::Request&) {
    wire::MultiReply reply;
    reply.results.push_back({wire::OpCode::error, ErrorCode::node_exists, {}});
    return std::optional(wire::Reply{ErrorCode::ok, reply});
  });
  std::optional<std::size_t> failed;
  CHECK(client.multi(transaction, &failed).error() == ErrorCode::node_exists);
  CHECK(failed == 0U);
}

TEST_CASE("events are waited for, with or without a limit; none is lost by a limit") {
  FakeServer server;
  const BlockingClient client(at(server));
  auto [value, watch] = client.get_and_watch("/a").value();
  CHECK(watch.next(milliseconds(1)).error() == ErrorCode::operation_timeout);
  server.tell(wire::EventType::node_data_changed, "/a");
  CHECK(watch.next().value() == WatchedEvent{EventType::data_changed, "/a"});
  const BlockingWatchStream stream = client.watch("/s", WatchMode::persistent).value();
  CHECK(stream.next(milliseconds(1)).error() == ErrorCode::operation_timeout);
  for (int i = 0; i < 3; ++i) server.tell(wire::EventType::node_data_changed, "/s");
  for (int i = 0; i < 3; ++i) CHECK(stream.next().value().path == "/s");
  CHECK(BlockingWatch().next().error() == ErrorCode::bad_arguments);
}

TEST_CASE("a time-out bounds a call, close_soon ends it") {
  FakeServer server(FakeServer::be_silent);
  const BlockingClient client(at(server));
  REQUIRE(client.connected().has_value());  // so that both are sent
  CHECK(client.with_timeout(milliseconds(10)).get("/a").error() == ErrorCode::operation_timeout);
  BlockingSessionEvents events = client.session_events();
  std::thread closer([&] {
    server.await(wire::OpCode::get_data, 2);
    client.close_soon();
  });
  CHECK(client.get("/b").has_error());
  closer.join();
  CHECK(client.close().has_value());
  Answer<SessionState> state = events.next();
  while (state) state = events.next();
  CHECK(state.error() == ErrorCode::closing);
}

TEST_CASE("the thread outlives the client while events are held") {
  FakeServer server;
  BlockingWatch watch;
  {
    const BlockingClient client(at(server));
    watch = std::move(client.get_and_watch("/a").value().watch);
  }
  CHECK(watch.next().error() == ErrorCode::closing);
  CHECK(server.received(wire::OpCode::close_session) == 1);
}
