// Waiting for each other.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <string>

namespace muster::recipes {

// Stands while its node exists; the layout of Curator's DistributedBarrier and kazoo's Barrier. Errors of all: those of
// the session's end; no_auth.
class Barrier {
 public:
  Barrier(Client client, std::string path);

  // It stands from now on, or did already.
  [[nodiscard]] asio::awaitable<void> raise() const;
  // It does not stand any more, or did not.
  [[nodiscard]] asio::awaitable<void> lower() const;
  // Until it does not stand; at once if it does not.
  [[nodiscard]] asio::awaitable<void> wait() const;
  // False: the time was over first.
  [[nodiscard]] asio::awaitable<bool> wait_within(std::chrono::milliseconds limit) const;

 private:
  Client client_;
  std::string path_;
};

// Begins together and ends together: the layout of Curator's DistributedDoubleBarrier. One object takes part once, and one
// path serves one round: who is late in leaving would be in the way of the next.
//
//   muster::recipes::DoubleBarrier barrier(client, "/computation-17", 3);
//   co_await barrier.enter();   // three are there
//   …
//   co_await barrier.leave();   // all three are done
//
// Who dies between the two counts as done when its session ends. Cancelling, or destroying this, takes its place away.
// Errors of all: those of the session's end; no_auth.
class DoubleBarrier {
 public:
  // Throws std::invalid_argument if `count` is 0.
  DoubleBarrier(Client client, std::string path, std::size_t count);
  DoubleBarrier(const DoubleBarrier&) = delete;
  DoubleBarrier& operator=(const DoubleBarrier&) = delete;
  ~DoubleBarrier();

  // Until so many have entered. Keep this until it ends.
  [[nodiscard]] asio::awaitable<void> enter();
  // Until all that had entered have left, or are dead.
  [[nodiscard]] asio::awaitable<void> leave();

 private:
  Client client_;
  std::string path_, mine_;
  std::size_t count_;
};

}  // namespace muster::recipes
