// What the two servers that do nothing share: a listening socket, clients' sockets and the answers that ZooKeeper's protocol wants.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/wire/frame.h"
#include "common/wire/opcodes.h"
#include "common/wire/replies.h"

namespace muster::bench {

// A socket that listens on 127.0.0.1; port 0 takes a free one. Ends the process with a sentence if it can't.
[[nodiscard]] int listen_on(int port);
[[nodiscard]] int port_of(int listener);
[[nodiscard]] int accept_from(int listener);  // below 0: there is none
void watch(int epoll, int fd);                // for what can be read
void no_delay(int fd);
// Waits for whoever does not read: these servers have nothing else to do. False: the other side is gone.
[[nodiscard]] bool send_all(int fd, std::string& out);

// A connection's two buffers.
struct Link {
  int fd = -1;
  wire::FrameReader in;
  std::string out;

  // False: the other side is gone.
  [[nodiscard]] bool read(std::string& buffer);
  [[nodiscard]] bool flush() { return send_all(fd, out); }
};

// The answers, encoded once.
class Answers {
 public:
  explicit Answers(std::size_t data_bytes);

  void append_welcome(std::string& out);
  // Of success, whatever was asked.
  void append(std::string& out, Xid xid, wire::OpCode type);

 private:
  std::unordered_map<wire::OpCode, std::string> frames_;
  std::string bare_;  // of operations that are answered by the header alone
  SessionId last_;
};

struct Client : Link {
  // Answers all whole requests; those for which `take(xid, type, body)` is true are left to whoever took them. False: they make no
  // sense.
  [[nodiscard]] bool serve(Answers& answers,
                           const std::function<bool(Xid, wire::OpCode, std::string_view)>& take);

 private:
  bool welcomed_ = false;
};

[[nodiscard]] constexpr bool is_write(wire::OpCode type) {
  using wire::OpCode;
  return type == OpCode::create || type == OpCode::set_data || type == OpCode::remove ||
         type == OpCode::multi;
}

}  // namespace muster::bench
