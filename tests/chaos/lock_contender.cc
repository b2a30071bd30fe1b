// One of several that want the same mutex, for lock_contest.py and frozen_holders.py:  lock-contender MODE SERVERS SESSION_MS PATH
//   contest   takes it, holds it for some milliseconds and gives it back, for ever:
//               "+ TIME NUMBER"  it is held since before this (ns of the monotonic clock); the number of its node
//               "- TIME"         it is given back after this
//   fence     takes it and keeps it, and writes all the time, without asking whether it still holds it:
//               "holds TOKEN"    "out TOKEN": a request to a resource that the reader of this line is
//               "in TOKEN ZXID": a guarded write to PATH-resource was done     "lost"
// It ends when its session does; of "fence" it then begins again with another.
#include <muster/recipes/lock.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

namespace asio = boost::asio;
using muster::recipes::Lock;
using muster::recipes::Mutex;
using std::chrono::milliseconds;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

long long now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

asio::awaitable<void> contest(muster::Client client, std::string path) {
  const Mutex mutex(client, path, "muster");
  for (int turn = 0;; ++turn) {
    Lock lock = co_await mutex.lock();
    std::printf("+ %lld %s\n", now_ns(), lock.path().substr(lock.path().size() - 10).c_str());
    co_await client.async_wait_for(milliseconds(turn % 8), asio::use_awaitable);
    std::printf("- %lld\n", now_ns());
    co_await lock.unlock();
  }
}

asio::awaitable<void> fence(muster::Client client, std::string path) {
  const Lock lock = co_await Mutex(client, path).lock();
  const long long token = lock.token().value;
  std::printf("holds %lld\n", token);
  for (;;) {
    std::printf("out %lld\n", token);
    muster::Transaction change;
    const auto set = change.set(path + "-resource", std::to_string(token));
    lock.guard(change);
    const auto [error, result] = co_await client.async_multi(change, quietly);
    if (error) break;
    std::printf("in %lld %lld\n", token, static_cast<long long>(result[set].mzxid.value));
    const auto [over] = co_await client.async_wait_for(milliseconds(5), quietly);
    if (over) break;
  }
  std::printf("lost\n");
}

void report(const std::exception_ptr& failure) {
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lock-contender: %s\n", error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::string mode = argv[1];
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[2];
  config.session_timeout = milliseconds(std::atoi(argv[3]));
  do {
    asio::io_context io;
    const muster::Client client(io.get_executor(), config);
    const auto ended = [&](const std::exception_ptr& failure) {
      report(failure);
      io.stop();
    };
    asio::co_spawn(io, mode == "fence" ? fence(client, argv[4]) : contest(client, argv[4]), ended);
    io.run();
  } while (mode == "fence");
  return 3;
}
