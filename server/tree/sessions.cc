#include "server/tree/sessions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/check.h"
#include "server/tree/digest.h"
#include "server/tree/record_codec.h"

namespace muster::tree {
namespace {

std::uint64_t hash_of(Xid xid, Zxid zxid, const wire::Reply& reply) {
  std::string bytes;
  wire::append_reply(bytes, xid, zxid, reply);
  return hash_bytes(bytes);
}

std::uint64_t contribution(const SessionRecord& record, std::uint64_t outcomes_hash) {
  const Session& session = record.session;
  return FieldHash()
      .add(session.id.value)
      .add(session.owner.value)
      .add(session.server.value)
      .add(session.timeout_ms)
      .add(record.remember)
      .add(outcomes_hash)
      .value();
}

}  // namespace

void Sessions::open(const Session& session, std::int32_t remember) {
  SessionRecord record;
  record.session = session;
  record.remember = remember;
  record.mark = changes_.fresh();
  digest_ += contribution(record, record.outcomes_hash);
  const bool is_new = sessions_.emplace(session.id, std::move(record)).second;
  CHECK(is_new, "a session's id comes of the zxid of its entry and is new");
}

void Sessions::attach(const Session& session, std::int32_t remember) {
  SessionRecord& record = sessions_.at(session.id);
  before_change(record);
  digest_ -= contribution(record, record.outcomes_hash);
  record.session = session;
  record.remember = remember;
  trim(record);
  digest_ += contribution(record, record.outcomes_hash);
}

void Sessions::close(SessionId id) {
  const auto found = sessions_.find(id);
  CHECK(found != sessions_.end() && found->second.ephemerals.empty(),
        "a session ends once, after its ephemerals");
  before_change(found->second);
  if (found->second.mark.stored) changes_.gone(key_of_session(id));
  digest_ -= contribution(found->second, found->second.outcomes_hash);
  sessions_.erase(found);
}

const SessionRecord* Sessions::find(SessionId id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

void Sessions::drop_ephemeral(SessionId id, NodeId node) {
  const auto found = sessions_.find(id);
  if (found != sessions_.end()) found->second.ephemerals.erase(node);
}

void Sessions::remember(SessionId id, Xid xid, Zxid zxid, const wire::Reply& reply) {
  SessionRecord& record = sessions_.at(id);
  before_change(record);
  digest_ -= contribution(record, record.outcomes_hash);
  const auto older_one = std::find_if(record.outcomes.rbegin(), record.outcomes.rend(),
                                      [&](const Remembered& outcome) { return older(outcome.xid, xid); });
  const std::uint64_t hash = hash_of(xid, zxid, reply);
  record.outcomes.insert(older_one.base(), {xid, zxid, reply, hash});
  record.outcomes_hash += hash;
  trim(record);
  digest_ += contribution(record, record.outcomes_hash);
}

void Sessions::trim(SessionRecord& record) {
  while (record.outcomes.size() > static_cast<std::size_t>(record.remember)) {
    record.outcomes_hash -= record.outcomes.front().hash;
    record.outcomes.pop_front();
  }
}

void Sessions::before_change(SessionRecord& record) {
  if (changes_.wants(record.mark, is_visited(record.session.id)))
    changes_.keep(record.mark, record_of(record));
  changes_.touch(record.mark);
}

void Sessions::begin_collection() {
  changes_.begin();
  last_visited_.reset();
}

bool Sessions::collect(Slice& slice) {
  changes_.hand_out(slice);
  auto next = last_visited_ ? sessions_.upper_bound(*last_visited_) : sessions_.begin();
  for (; next != sessions_.end() && !slice.full(); ++next) {
    ++slice.visited;
    SessionRecord& record = next->second;
    if (changes_.wants(record.mark, false)) Changes::take(record.mark, slice, record_of(record));
    last_visited_ = next->first;
  }
  return next == sessions_.end() && !changes_.holds_something();
}

bool Sessions::restore(SessionRecord record) {
  record.mark = {0, true};
  record.outcomes_hash = 0;
  for (Remembered& outcome : record.outcomes) {
    outcome.hash = hash_of(outcome.xid, outcome.zxid, outcome.reply);
    record.outcomes_hash += outcome.hash;
  }
  digest_ += contribution(record, record.outcomes_hash);
  const SessionId id = record.session.id;
  return sessions_.emplace(id, std::move(record)).second;
}

std::uint64_t Sessions::recompute_digest() const {
  std::uint64_t sum = 0;
  for (const auto& [id, record] : sessions_) {
    std::uint64_t outcomes = 0;
    for (const Remembered& outcome : record.outcomes)
      outcomes += hash_of(outcome.xid, outcome.zxid, outcome.reply);
    sum += contribution(record, outcomes);
  }
  return sum;
}

const Remembered* outcome_of(const SessionRecord& record, Xid xid) {
  // Resent writes are among the newest, and a new one is newer than all.
  for (auto outcome = record.outcomes.rbegin(); outcome != record.outcomes.rend(); ++outcome) {
    if (outcome->xid == xid) return &*outcome;
    if (older(outcome->xid, xid)) return nullptr;
  }
  return nullptr;
}

}  // namespace muster::tree
