// One client's connection, as a correct client hears it: whatever it sent, what comes back must be frames, in the order asked.
#pragma once

#include <cstddef>
#include <deque>
#include <string_view>

#include "common/wire/connect.h"
#include "common/wire/frame.h"
#include "common/wire/opcodes.h"

namespace muster::fuzz {

class Conversation {
 public:
  explicit Conversation(std::size_t max_frame_bytes) : asked_bytes_(max_frame_bytes), heard_(unbounded) {}

  void sent(std::string_view bytes);
  void received(std::string_view bytes);

  [[nodiscard]] bool has_session() const { return session_.timeout_ms > 0; }
  [[nodiscard]] const wire::ConnectReply& session() const { return session_; }

 private:
  struct Asked {
    Xid xid;
    wire::OpCode type{};
  };
  static constexpr std::size_t unbounded = std::size_t{1} << 30;

  void note_frame(std::string_view payload);
  void on_frame(std::string_view payload);
  void on_reply(std::string_view payload);

  wire::FrameReader asked_bytes_;
  bool broken_ = false;  // what was sent are no frames any more: nothing more will be answered
  bool word_ = false;    // a four-letter word: the answer is text
  bool opening_ = true;  // no frame was sent yet
  bool nameless_ =
      false;  // asked with an xid that is kept for events or pings: which is which can't be told any more
  std::deque<Asked> asked_;
  std::size_t pings_ = 0, pings_answered_ = 0;
  wire::FrameReader heard_;
  bool shaken_ = false;
  wire::ConnectReply session_;
};

}  // namespace muster::fuzz
