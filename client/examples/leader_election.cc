// Several of these elect one of them; when it goes, the next one leads. What a leader writes is fenced: one that was paused, and
// does not know that another one leads by now, writes nothing.      leader_election SERVERS PATH NAME
#include <muster/client.h>
#include <muster/recipes/election.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>
#include <string>

namespace asio = boost::asio;
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// What leading is here: to write one's name to PATH-state, again and again.
asio::awaitable<muster::error_code> lead(muster::Client client, const muster::recipes::Leadership& office,
                                         std::string state, std::string name) {
  const auto [exists, created] =
      co_await client.async_create(state, "", muster::CreateMode::persistent, quietly);
  for (;;) {
    muster::Transaction change;
    change.set(state, name);
    office.guard(change);  // done only while we lead
    const auto [error, result] = co_await client.async_multi(change, quietly);
    if (error) co_return error;
    const auto [over] = co_await client.async_wait_for(std::chrono::milliseconds(20), quietly);
    if (over) co_return over;
  }
}

asio::awaitable<void> stand(muster::Client client, std::string path, std::string name) {
  const muster::recipes::Election election(client, path, name);
  const muster::recipes::Leadership office = co_await election.campaign();
  std::printf("%s leads\n", name.c_str());
  const muster::error_code why = co_await lead(client, office, path + "-state", name);
  std::printf("%s leads no more: %s\n", name.c_str(), why.message().c_str());
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  config.session_timeout = std::chrono::seconds(4);  // so long after its end a leader is still held for alive
  asio::io_context io;
  asio::co_spawn(io, stand(muster::Client(io.get_executor(), config), argv[2], argv[3]),
                 [](std::exception_ptr failed) {
                   if (failed) std::rethrow_exception(failed);
                 });
  io.run();  // returns when it leads no more
}
