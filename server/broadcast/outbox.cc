#include "server/broadcast/outbox.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/check.h"
#include "common/mutant.h"

namespace muster::broadcast {
namespace {

constexpr std::size_t usual_entries = 64;  // of one write when many ask

}  // namespace

bool Outbox::gathers() const {
  return gathering_.truncate_after || !gathering_.append.empty() || gathering_.hard_state;
}

void Outbox::send(Envelope envelope) {
  (envelope.message.epoch > hard_state_.epoch ? until_epoch_ : send_).push_back(std::move(envelope));
}

void Outbox::send_once_durable(Envelope envelope) {
  if (mutant(Mutant::vote_not_durable)) {
    send_.push_back(std::move(envelope));
  } else if (gathers()) {
    waiting_.push_back(std::move(envelope));
  } else if (flight_) {
    flight_->held.push_back(std::move(envelope));
  } else {
    send_.push_back(std::move(envelope));
  }
}

void Outbox::append(const Entry& entry) {
  gathering_bytes_ += size_of(entry);
  if (gathering_.append.empty()) gathering_.append.reserve(usual_entries);
  gathering_.append.push_back(entry);
}

void Outbox::truncate_after(Zxid zxid) {
  durable_ = std::min(durable_, zxid);
  if (flight_ && !mutant(Mutant::truncated_in_flight_counts)) flight_->end = std::min(flight_->end, zxid);
  while (!gathering_.append.empty() && gathering_.append.back().zxid > zxid) {
    gathering_bytes_ -= size_of(gathering_.append.back());
    gathering_.append.pop_back();
  }
  if (zxid < gathering_.truncate_after.value_or(handed_)) gathering_.truncate_after = zxid;
}

void Outbox::write(const HardState& hard_state) { gathering_.hard_state = hard_state; }

void Outbox::note_committed(Zxid committed) {
  if (!flight_ && !gathers() && marked_ < committed) mark_ = true;
}

void Outbox::persisted(Ticket ticket) {
  CHECK(flight_ && flight_->ticket == ticket, "only the write in flight can be reported");
  durable_ = std::max(durable_, flight_->end);
  if (flight_->hard_state) hard_state_ = *flight_->hard_state;
  std::move(flight_->held.begin(), flight_->held.end(), std::back_inserter(send_));
  flight_.reset();
  const auto waits = std::find_if(until_epoch_.begin(), until_epoch_.end(), [this](const Envelope& envelope) {
    return envelope.message.epoch > hard_state_.epoch;
  });
  std::move(until_epoch_.begin(), waits, std::back_inserter(send_));
  until_epoch_.erase(until_epoch_.begin(), waits);
}

std::vector<Envelope> Outbox::take_send() { return std::exchange(send_, {}); }

std::optional<Persist> Outbox::take_persist(Zxid committed) {
  if (flight_ || !(gathers() || gathering_.purge_through || mark_)) return std::nullopt;
  Zxid end = gathering_.truncate_after.value_or(handed_);
  if (!gathering_.append.empty()) {
    CHECK(gathering_.append.front().zxid == end.next(), "what is written follows what was written");
    end = gathering_.append.back().zxid;
  }
  CHECK(committed <= end, "the commit mark never lies beyond the log on disk");
  Persist persist = std::exchange(gathering_, {});
  persist.ticket = ++last_ticket_;
  persist.committed = committed;
  flight_.emplace(Flight{persist.ticket, end, persist.hard_state, std::exchange(waiting_, {})});
  gathering_bytes_ = 0;
  handed_ = end;
  marked_ = committed;
  mark_ = false;
  return persist;
}

}  // namespace muster::broadcast
