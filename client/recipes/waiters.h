// Coroutines that wait for something that a mutex guards: a condition variable.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <list>
#include <memory>
#include <mutex>

namespace muster::recipes {

// Its own lock lets it be used with any mutex. A waiter's handler lives in its executor's context and goes with it.
class Waiters {
 public:
  // Wakes all that wait. Call it with or without the mutex, after the change.
  void wake();
  // Unlocks, and waits for a wake() since then. What is awaited is to be looked at again: it wakes in vain, too. Cancellation
  // throws operation_aborted. The waiters must be kept, by a shared pointer that the caller's frame holds.
  [[nodiscard]] boost::asio::awaitable<void> wait(std::unique_lock<std::mutex> lock);

 private:
  using Channel = boost::asio::experimental::concurrent_channel<boost::asio::any_io_executor,
                                                                void(boost::system::error_code)>;
  std::mutex mutex_;
  std::list<Channel*> waiting_;
};

}  // namespace muster::recipes
