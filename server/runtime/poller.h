// Which sockets of a thread are ready: an epoll set beside Asio's, in which each socket is registered once, edge-triggered, for as long as it
// lives. (Asio makes a system call for every wait; with many clients that was an eighth of what a read costs.) Asio waits for the set as
// a whole, accepts, connects and keeps the time.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "server/runtime/asio.h"

namespace muster::runtime {

class Pollable {
 public:
  // There may be something to read or to be told of the other side's end; there may be room to write. Edges: what is left unread is not
  // told again (Poller::again).
  struct Ready {
    bool readable = false, writable = false;
    bool ended =
        false;  // the other side said its last, or the connection is broken: read on until that shows
  };
  virtual void on_ready(Ready ready) = 0;

 protected:
  ~Pollable() = default;
};

class Poller {
 public:
  using Id = std::uint64_t;
  // `turn(work)` runs `work`, which tells all that are ready now.
  using Turn = std::function<void(const std::function<void()>& work)>;

  Poller(asio::io_context& io, Turn turn);

  // Starts to wait; nothing is told before.
  void start();
  // Nothing is told after it.
  void close();

  // `fd` stays its owner's, and must be removed before it is closed.
  [[nodiscard]] Id add(int fd, Pollable& pollable);
  void remove(Id id);
  // Tells `id` once more that it is readable, soon, after all others that are ready.
  void again(Id id);

  // For what is looked at and given away before the next read: shared by all sockets of the thread.
  [[nodiscard]] std::string& buffer() { return buffer_; }
  [[nodiscard]] asio::io_context& io() { return io_; }

 private:
  struct Place {
    Pollable* pollable = nullptr;  // null: free
    std::uint32_t generation = 0;
  };
  static std::uint32_t place_of(Id id) { return static_cast<std::uint32_t>(id); }
  static std::uint32_t generation_of(Id id) { return static_cast<std::uint32_t>(id >> 32U); }
  [[nodiscard]] Pollable* find(Id id) const;
  void wait();
  void tell_ready();
  void tell_again();

  asio::io_context& io_;
  Turn turn_;
  asio::posix::basic_stream_descriptor<Executor> set_;
  std::vector<Place> places_;
  std::vector<std::uint32_t> free_;
  std::vector<Id> again_;
  std::string buffer_;
  bool posted_ = false;  // a look at those that are to be told again
};

}  // namespace muster::runtime
