// One TCP connection on the node thread. What arrives goes to its owner at once; what is written gathers
// until flush().
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/runtime/asio.h"
#include "server/runtime/poller.h"
#include "server/runtime/send_queue.h"

namespace muster::runtime {

class StreamOwner {
 public:
  virtual void on_bytes(std::string_view bytes) = 0;  // valid during the call
  // The other side ended or the system gave up; nothing follows. Never called from within write, flush or
  // close.
  virtual void on_broken(std::string_view why) = 0;
  virtual void on_sent() {}  // bytes that had to wait have left

 protected:
  ~StreamOwner() = default;
};

class Stream final : public Pollable, public std::enable_shared_from_this<Stream> {
 public:
  // `owner` and `poller` must outlive close(). Does not read before set_reading(). Throws std::system_error: the system has no room
  // for one more.
  Stream(Socket socket, StreamOwner& owner, Poller& poller);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void set_reading(bool on);
  // Waiting bytes, not counting what the system already has.
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  [[nodiscard]] SendQueue& queue() { return queue_; }
  // Gives the system what it takes now; the rest follows as it can.
  void flush();
  // Says after the last byte that no more will come; the other side may still send. Requires an empty queue.
  void end_sending();
  // At once, with what waits. The owner hears no more.
  void close();

  void on_ready(Ready ready) override;

 private:
  void read();
  void broken(std::string_view why);

  int fd_;
  StreamOwner* owner_;  // null: closed
  Poller* poller_;
  Poller::Id id_;
  SendQueue queue_;
  bool reading_ = false;
  bool readable_ = true;  // there may be something: no edge will tell
  bool ended_ = false;    // then what comes last is the end: read on, or no edge will tell
  bool write_waits_ = false;
};

}  // namespace muster::runtime
