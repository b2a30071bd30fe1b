// A program that follows its configuration while it runs, until the node is deleted.      live_configuration SERVERS PATH
#include <muster/client.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <string>

namespace asio = boost::asio;

// Reading and watching are one step, so that no change falls between them. Several changes in a row may be seen as one:
// what counts is the latest.
asio::awaitable<void> follow(muster::Client client, std::string path) {
  try {
    for (;;) {
      const auto [value, watch] = co_await client.async_get_and_watch(path);
      std::printf("configured: %s\n", value.data.c_str());
      co_await watch.async_wait();
    }
  } catch (const boost::system::system_error& failure) {
    if (failure.code() != muster::ErrorCode::no_node) throw;
    std::printf("no configuration any more\n");
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  asio::io_context io;
  asio::co_spawn(io, follow(muster::Client(io.get_executor(), config), argv[2]),
                 [](std::exception_ptr failed) {
                   if (failed) std::rethrow_exception(failed);
                 });
  io.run();
}
