// One TCP connection on the node thread. What arrives goes to its owner at once; what is written gathers
// until flush().
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "server/runtime/asio.h"
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

// Shared by all streams of a thread: what arrives is looked at and given away before the next read.
using ReadBuffer = std::string;
inline constexpr std::size_t read_buffer_bytes = 64 * 1024;

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  // `owner` and `buffer` must outlive close(). Does not read before read() is called.
  Stream(Socket socket, StreamOwner& owner, ReadBuffer& buffer);

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

 private:
  void wait_readable();
  void on_readable();
  void wait_writable();
  void broken(std::string_view why);

  Socket socket_;
  StreamOwner* owner_;  // null: closed
  ReadBuffer* buffer_;
  SendQueue queue_;
  bool reading_ = false;
  bool read_waits_ = false;  // a handler will come
  bool write_waits_ = false;
};

}  // namespace muster::runtime
