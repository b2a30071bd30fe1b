// A context that a thread runs for as long as a case lasts, and coroutines on it that the case waits for.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <utility>

#include "tests/client_suite/suite.h"

namespace muster::suite {

class Context {
 public:
  Context() : thread_([this] { io_.run(); }) {}
  ~Context() {
    work_.reset();
    io_.stop();
    thread_.join();
  }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  [[nodiscard]] asio::io_context::executor_type executor() { return io_.get_executor(); }

  // Begins it at once.
  template <class T>
  std::future<T> begin(asio::awaitable<T> coroutine) {
    return asio::co_spawn(io_, std::move(coroutine), asio::use_future);
  }
  // What it gives; throws what it throws.
  template <class T>
  T run(asio::awaitable<T> coroutine) {
    auto future = begin(std::move(coroutine));
    if (future.wait_for(long_time) != std::future_status::ready) FAIL("a coroutine takes more than a minute");
    return future.get();
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::thread thread_;
};

template <class T>
error_code error_of(std::future<T> future) {
  if (future.wait_for(long_time) != std::future_status::ready) FAIL("no answer in a minute");
  try {
    (void)future.get();
    return {};
  } catch (const boost::system::system_error& failure) {
    return failure.code();
  }
}

}  // namespace muster::suite
