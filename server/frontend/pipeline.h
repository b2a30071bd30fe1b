// The requests of one connection that are not answered yet, in the order read. Replies leave in that order. A
// read is executed when everything before it has been answered; a write was forwarded when it was read and
// waits for its outcome; a sync waits for its barrier.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/wire/replies.h"
#include "common/wire/requests.h"
#include "server/frontend/context.h"
#include "server/frontend/reads.h"

namespace muster::frontend {

// An answer that is known but for its turn. Without zxid: the zxid that the tree has reached by then.
struct Prepared {
  wire::Reply reply;
  std::optional<Zxid> zxid;
};

class Pipeline {
 public:
  [[nodiscard]] bool empty() const { return head_ == slots_.size(); }
  [[nodiscard]] std::size_t size() const { return slots_.size() - head_; }
  // A sync waits for its barrier. A write that is read meanwhile must not be forwarded yet: it could be
  // applied before a read between the two is executed, and that read would see its session's own future.
  [[nodiscard]] bool waits_for_barrier() const { return barriers_ > 0; }

  SlotId push_write(Now now, Xid xid, wire::OpCode operation);
  SlotId push_sync(Now now, Xid xid, wire::SyncRequest request);
  void push_read(Now now, Xid xid, wire::Request request);
  void push(Now now, Xid xid, wire::OpCode operation, Prepared answer);
  // The request pushed last is the connection's last one.
  void end_here();

  // The outcome of that write. Requires push_write()'s slot, once (CHECK).
  void complete(SlotId slot, Zxid zxid, wire::Reply reply);
  // That sync's barrier has passed.
  void pass(SlotId slot);
  // The first write with that xid that waits, if any.
  [[nodiscard]] std::optional<SlotId> waiting_write(Xid xid) const;

  // Appends the replies whose turn has come, executing reads on the way. True when the last request has been
  // answered.
  [[nodiscard]] bool run(const Context& context, const Asker& asker, Traffic& traffic, std::string& out);

 private:
  struct Write {
    std::optional<Prepared> outcome;
  };
  struct Sync {
    wire::SyncRequest request;
    bool passed = false;
  };
  struct Slot {
    Xid xid;
    wire::OpCode operation{};
    std::int64_t asked_ms = 0;
    bool last = false;
    std::variant<Prepared, Write, Sync, wire::Request> what;
  };

  SlotId add(Now now, Xid xid, wire::OpCode operation,
             std::variant<Prepared, Write, Sync, wire::Request> what);
  [[nodiscard]] Slot* at(SlotId slot);
  void pop();

  std::vector<Slot> slots_;  // [head_, end): a queue whose memory is kept
  std::size_t head_ = 0;
  SlotId popped_ = 0;         // the slot at head_ has this number
  std::size_t barriers_ = 0;  // syncs not passed
};

}  // namespace muster::frontend
