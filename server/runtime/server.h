// One musterd: opens the data directory and the ports, runs the node until it is told to stop.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "server/config/config.h"
#include "server/node/node.h"

namespace muster::runtime {

// The server cannot start as it is configured: one sentence that says why.
class StartError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ServerOptions {
  bool found =
      false;  // the operator's word that this ensemble is new: a majority of empty servers may found it
  // Sockets that listen already, to be taken over; -1: the configuration says where to listen.
  int client_listener = -1;
  int peer_listener = -1;
};

class Server {
 public:
  // Throws StartError: the directory or a port is not for this server. Throws storage::DiskError: the disk
  // fails, or the log is damaged. Ignores SIGPIPE for the whole process.
  Server(const config::Config& config, const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // SIGINT and SIGTERM stop it. Call before run().
  void stop_on_signals();
  // Serves on the calling thread until stop(), and returns when everything is closed and on disk. A failure
  // of the disk ends the process instead (work_thread.h). When a leader has given this server another state, it closes everything but the
  // sockets that listen and starts again with it, in here; then it may throw as the constructor does.
  void run();

  // From any thread. A leader first hands over its office; the end comes within half a second more than an
  // election time-out.
  void stop();
  // As the node thread sees it next. Only while run() runs, from other threads.
  [[nodiscard]] std::future<node::Status> status();
  [[nodiscard]] std::uint16_t client_port() const;

 private:
  struct State;
  void start_again();
  void watch_signals();

  mutable std::mutex mutex_;  // guards the next two, which other threads ask for
  std::unique_ptr<State> state_;
  bool stop_asked_ = false;
  bool stops_on_signals_ = false;
};

}  // namespace muster::runtime
