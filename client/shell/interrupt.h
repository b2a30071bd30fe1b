// Ctrl-C (SIGINT) and SIGTERM close a client, so that its session ends at once and not by time-out.
#pragma once

#include <muster/blocking_client.h>

#include <mutex>
#include <thread>

namespace muster::shell {

class Interrupt {
 public:
  // To be made before any other thread: they inherit that these signals are left to this one's. Without a
  // client a signal ends the program.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // The client must outlive this object.
  void closes(const BlockingClient& client);

 private:
  void wait();

  std::mutex mutex_;
  const BlockingClient* client_ = nullptr;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace muster::shell
