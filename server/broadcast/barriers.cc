#include "server/broadcast/barriers.h"

#include <algorithm>

#include "common/mutant.h"

namespace muster::broadcast {

void Barriers::ask_again() {
  for (Waiting& waiting : waiting_) {
    if (!waiting.zxid) waiting.wire = 0;
  }
}

std::optional<std::uint64_t> Barriers::ask(std::int64_t now_ms) {
  const auto unasked = [](const Waiting& w) { return !w.zxid && w.wire == 0; };
  if (std::none_of(waiting_.begin(), waiting_.end(), unasked)) return std::nullopt;
  if (last_wire_ == 0 || !mutant(Mutant::barrier_id_again)) ++last_wire_;
  for (Waiting& waiting : waiting_) {
    if (unasked(waiting)) waiting.wire = last_wire_;
  }
  asked_ms_ = now_ms;
  return last_wire_;
}

bool Barriers::overdue(std::int64_t since_ms) const {
  return asked_ms_ < since_ms && std::any_of(waiting_.begin(), waiting_.end(),
                                             [](const Waiting& w) { return !w.zxid && w.wire != 0; });
}

void Barriers::answered(std::uint64_t wire, Zxid zxid) {
  for (Waiting& waiting : waiting_) {
    if (waiting.wire == wire && !waiting.zxid) waiting.zxid = zxid;
  }
}

void Barriers::take_passed(Zxid delivered, std::vector<BarrierId>& passed) {
  const auto reached = [delivered](const Waiting& w) { return w.zxid && *w.zxid <= delivered; };
  for (const Waiting& waiting : waiting_) {
    if (reached(waiting)) passed.push_back(waiting.id);
  }
  waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), reached), waiting_.end());
}

void Confirmations::established(Zxid committed, std::uint64_t beat) {
  for (Question& question : questions_) {
    if (question.beat != 0) continue;
    question.beat = beat;
    question.zxid = committed;
  }
}

void Confirmations::forget(ServerId asker) {
  questions_.erase(std::remove_if(questions_.begin(), questions_.end(),
                                  [asker](const Question& q) { return q.asker == asker; }),
                   questions_.end());
}

std::uint64_t Confirmations::wanted_beat() const {
  std::uint64_t wanted = 0;
  for (const Question& question : questions_) wanted = std::max(wanted, question.beat);
  return wanted;
}

void Confirmations::take_confirmed(std::uint64_t beat, std::vector<Question>& confirmed) {
  const auto done = [beat](const Question& q) { return q.beat != 0 && q.beat <= beat; };
  std::copy_if(questions_.begin(), questions_.end(), std::back_inserter(confirmed), done);
  questions_.erase(std::remove_if(questions_.begin(), questions_.end(), done), questions_.end());
}

}  // namespace muster::broadcast
