#include "server/frontend/pipeline.h"

#include <utility>

#include "common/check.h"

namespace muster::frontend {
namespace {

constexpr std::size_t compact_above = 64;

}  // namespace

SlotId Pipeline::add(Now now, Xid xid, wire::OpCode operation,
                     std::variant<Prepared, Write, Sync, wire::Request> what) {
  slots_.push_back(Slot{xid, operation, now.mono_ms, false, std::move(what)});
  return popped_ + size() - 1;
}

SlotId Pipeline::push_write(Now now, Xid xid, wire::OpCode operation) {
  return add(now, xid, operation, Write{});
}

SlotId Pipeline::push_sync(Now now, Xid xid, wire::SyncRequest request) {
  ++barriers_;
  return add(now, xid, wire::OpCode::sync, Sync{std::move(request), false});
}

void Pipeline::push_read(Now now, Xid xid, wire::Request request) {
  const wire::OpCode operation = wire::type_of(request);
  add(now, xid, operation, std::move(request));
}

void Pipeline::push(Now now, Xid xid, wire::OpCode operation, Prepared answer) {
  add(now, xid, operation, std::move(answer));
}

void Pipeline::end_here() {
  CHECK(!empty(), "the last request must have been pushed");
  slots_.back().last = true;
}

Pipeline::Slot* Pipeline::at(SlotId slot) {
  return slot >= popped_ && slot - popped_ < size() ? &slots_[head_ + (slot - popped_)] : nullptr;
}

void Pipeline::complete(SlotId slot, Zxid zxid, wire::Reply reply) {
  Slot* found = at(slot);
  Write* write = found ? std::get_if<Write>(&found->what) : nullptr;
  CHECK(write && !write->outcome, "an outcome must meet the write that waits for it");
  write->outcome = Prepared{std::move(reply), zxid};
}

void Pipeline::pass(SlotId slot) {
  Slot* found = at(slot);
  Sync* sync = found ? std::get_if<Sync>(&found->what) : nullptr;
  CHECK(sync && !sync->passed, "a barrier must meet the sync that waits for it");
  sync->passed = true;
  --barriers_;
}

std::optional<SlotId> Pipeline::waiting_write(Xid xid) const {
  for (std::size_t i = head_; i < slots_.size(); ++i) {
    const Write* write = std::get_if<Write>(&slots_[i].what);
    if (write && !write->outcome && slots_[i].xid == xid) return popped_ + (i - head_);
  }
  return std::nullopt;
}

void Pipeline::pop() {
  ++popped_;
  if (++head_ == slots_.size()) {
    slots_.clear();
    head_ = 0;
  } else if (head_ >= compact_above && head_ * 2 >= slots_.size()) {
    slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

bool Pipeline::run(const Context& context, const Asker& asker, Traffic& traffic, std::string& out) {
  while (!empty()) {
    Slot& slot = slots_[head_];
    Zxid zxid = context.tree.applied();
    std::size_t start = out.size();
    if (const Prepared* answer = std::get_if<Prepared>(&slot.what)) {
      zxid = answer->zxid.value_or(zxid);
      wire::append_reply(out, slot.xid, zxid, answer->reply);
    } else if (const Write* write = std::get_if<Write>(&slot.what)) {
      if (!write->outcome) return false;
      zxid = *write->outcome->zxid;
      wire::append_reply(out, slot.xid, zxid, write->outcome->reply);
    } else if (Sync* sync = std::get_if<Sync>(&slot.what)) {
      if (!sync->passed) return false;
      wire::append_reply(out, slot.xid, zxid,
                         {ErrorCode::ok, wire::PathReply{std::move(sync->request.path)}});
    } else {
      const wire::Reply reply = execute(context, asker, std::get<wire::Request>(slot.what), traffic, out);
      start = out.size();  // behind the events that it caught up
      wire::append_reply(out, slot.xid, zxid, reply);
    }
    note_answer(context.now.mono_ms, context.counters, traffic,
                {slot.operation, slot.xid, zxid, slot.asked_ms, out.size() - start});
    const bool last = slot.last;
    pop();
    if (last) return true;
  }
  return false;
}

}  // namespace muster::frontend
