// Prints what changes below a node, until that node is deleted.      watch SERVERS PATH
#include <muster/client.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <string>

namespace asio = boost::asio;

asio::awaitable<void> watch(muster::Client client, std::string path) {
  const muster::WatchStream changes = co_await client.async_watch(path, muster::WatchMode::recursive);
  std::printf("watching %s\n", path.c_str());
  for (;;) {
    const muster::WatchedEvent event = co_await changes.async_next();
    const std::string what(describe(event.type));
    std::printf("%s %s\n", what.c_str(), event.path.c_str());
    // After a gap, what was read before must be read again: changes may have been missed.
    if (event == muster::WatchedEvent{muster::EventType::node_deleted, path}) co_return;
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  asio::io_context io;
  asio::co_spawn(io, watch(muster::Client(io.get_executor(), config), argv[2]),
                 [](std::exception_ptr failed) {
                   if (failed) std::rethrow_exception(failed);
                 });
  io.run();
}
