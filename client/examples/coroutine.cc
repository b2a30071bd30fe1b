// A coroutine: errors as exceptions or as values, a conditional write, a transaction.      coroutine SERVERS PATH
#include <muster/client.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <string>

namespace asio = boost::asio;

asio::awaitable<void> run(muster::Client client, std::string path) {
  co_await client.async_create(path, "first");
  const muster::Value value = co_await client.async_get(path);
  const muster::Stat stat = co_await client.async_set(path, "second", value.stat.version);
  std::printf("version %d\n", stat.version);

  // The version read above is no longer the node's. Errors as values instead of exceptions:
  const auto [error, ignored] =
      co_await client.async_set(path, "third", value.stat.version, asio::as_tuple(asio::use_awaitable));
  std::printf("refused: %s\n", error.message().c_str());

  muster::Transaction transaction;
  transaction.check(path, stat.version);
  const auto job = transaction.create(path + "/job-", "", muster::CreateMode::sequential);
  const muster::TransactionResult result = co_await client.async_multi(transaction);
  std::printf("made %s\n", result[job].path.c_str());

  co_await client.async_remove(result[job].path);
  co_await client.async_remove(path);
  co_await client.async_close();
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  muster::ClientConfig config;
  config.servers = argv[1];
  asio::io_context io;
  asio::co_spawn(io, run(muster::Client(io.get_executor(), config), argv[2]), [](std::exception_ptr failed) {
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
}
