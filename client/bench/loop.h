// One thread's connections and their sockets. What is done with them is a Work.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/bench/connection.h"

namespace muster::bench {

class Loop;

// Hears of everything that happens to a loop's connections. What it sends leaves after each call.
class Work {
 public:
  virtual ~Work() = default;

  virtual void start(Loop& /*loop*/, Time /*now*/) {}  // some connections may be open already
  virtual void opened(Connection& /*connection*/, Time /*now*/) {}
  virtual void answered(Connection& connection, const Answer& answer) = 0;
  virtual void notified(Connection& /*connection*/, Time /*now*/) {}
  // What is in flight will not be answered. The connection comes back by itself, with another session unless it keeps its own.
  virtual void lost(Connection& /*connection*/, Time /*now*/) {}
  // When all that was readable has been told: gives the time at which to be called again at the latest.
  virtual Time advance(Time now) = 0;
  [[nodiscard]] virtual bool done() const = 0;
};

struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

class Loop {
 public:
  // `first` turns the list of servers: the connections of all loops together are spread evenly.
  Loop(std::vector<sockaddr_storage> servers, std::size_t connections, std::size_t first = 0);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] std::deque<Connection>& connections() { return connections_; }
  // From here on, run() throws Interrupted soon after `stop` has become true.
  void stop_when(const std::atomic<bool>& stop) { stop_ = &stop; }
  // Returns when every connection has its session; throws std::runtime_error if that takes too long.
  void open_all();
  // Returns when the work is done. Throws std::runtime_error if a server answers what it was not asked.
  void run(Work& work);
  // Ends the sessions, as far as servers answer soon.
  void close_all();

  // To be flushed. For a Work that sent something on it.
  void touch(Connection& connection);
  // Ends the connection and opens another one at once.
  void reopen(Connection& connection, Time now);

  [[nodiscard]] static Time now();

 private:
  void connect(Connection& connection, Time now);
  void lose(Connection& connection, Time now);
  void ready(Connection& connection, unsigned events, Time now);
  void tell(Connection& connection, Time now);
  void flush_touched(Time now);
  void flush(Connection& connection, Time now);
  void watch(const Connection& connection, int operation, bool to_write) const;
  void keep_alive(Time now);

  std::vector<sockaddr_storage> servers_;
  std::deque<Connection> connections_;
  std::vector<Connection*> touched_;
  std::string buffer_;  // all read into it, one after the other
  const std::atomic<bool>* stop_ = nullptr;
  Work* work_ = nullptr;
  Time kept_alive_ = 0;
  int epoll_;
};

}  // namespace muster::bench
