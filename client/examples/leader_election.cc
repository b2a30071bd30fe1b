// Several of these elect one of them; when it goes, the next one leads.      leader_election SERVERS PATH NAME
#include <muster/client.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>
#include <string>

namespace asio = boost::asio;

// Everybody holds an ephemeral node with a number; the lowest leads. Each watches only the one before it, so that a
// leader's end wakes one and not all.
asio::awaitable<void> stand(muster::Client client, std::string path, std::string name) {
  const muster::Created mine =
      co_await client.async_create(path + "/n-", name, muster::CreateMode::ephemeral_sequential);
  const std::string my_name = mine.path.substr(path.size() + 1);
  for (;;) {
    const muster::Children all = co_await client.async_children(path);  // sorted
    const auto me = std::find(all.names.begin(), all.names.end(), my_name);
    if (me == all.names.begin()) break;
    const auto [there, watch] = co_await client.async_exists_and_watch(path + "/" + *(me - 1));
    if (there) co_await watch.async_wait();
  }
  std::printf("%s leads\n", name.c_str());
}

// Whoever has no connection can't know whether it still leads: it should rest until it has one, and stop for good when the
// session is over. Here, being over ends the program.
asio::awaitable<void> follow_session(muster::Client client, std::string name) {
  const muster::SessionEvents events = client.session_events();
  for (;;) {
    const muster::SessionState state = co_await events.async_next();
    if (is_over(state)) throw std::runtime_error(name + ": the session is " + std::string(describe(state)));
  }
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  config.session_timeout = std::chrono::seconds(4);  // so long after its end a leader is still held for alive
  asio::io_context io;
  muster::Client client(io.get_executor(), config);
  const auto rethrow = [](std::exception_ptr failed) {
    if (failed) std::rethrow_exception(failed);
  };
  asio::co_spawn(io, stand(client, argv[2], argv[3]), rethrow);
  asio::co_spawn(io, follow_session(client, argv[3]), rethrow);
  io.run();
}
