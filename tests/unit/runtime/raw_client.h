// A client of ZooKeeper's protocol on a blocking socket, for tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/wire/connect.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::test {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);  // on 127.0.0.1
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Nothing: the server hung up.
  [[nodiscard]] std::optional<wire::ConnectReply> handshake();
  struct Answer {
    wire::ReplyHeader header;
    std::string body;
  };
  // Waits for the answer, also through an election; nothing: the server hung up.
  [[nodiscard]] std::optional<Answer> call(const wire::Request& request);

  void send(const std::string& bytes);
  [[nodiscard]] std::string read_to_end();

 private:
  [[nodiscard]] std::optional<std::string> read(std::size_t bytes);
  [[nodiscard]] std::optional<std::string> read_frame();

  int fd_;
  std::int32_t xid_ = 0;
};

// A socket that listens on a free port of 127.0.0.1.
struct FreeListener {
  FreeListener();
  int fd;
  std::uint16_t port;
};

}  // namespace muster::test
