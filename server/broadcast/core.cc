#include "server/broadcast/core.h"

#include <algorithm>

#include "common/check.h"
#include "common/mutant.h"

namespace muster::broadcast {
namespace {

// Where the log on disk ends at the start.
Zxid end_of(const Recovered& recovered) {
  return recovered.tail.empty() ? recovered.delivered : recovered.tail.back().zxid;
}

}  // namespace

Core::Core(const PeerConfig& given, Recovered recovered, Random generator)
    : config(given),
      random(generator),
      hard(recovered.hard_state),
      history(std::move(recovered.epochs), recovered.tail, recovered.delivered, recovered.floor),
      outbox(recovered.hard_state, end_of(recovered)),
      origins(std::move(recovered.origins)),
      committed(recovered.delivered),
      delivered(recovered.delivered),
      stateless(recovered.stateless),
      state_at_least(recovered.state_at_least),
      founding(std::move(recovered.founding)) {
  memberships.emplace_back(recovered.membership_set, recovered.membership.value_or(config.initial));
  for (const Entry& entry : recovered.tail) note_content(entry);
  if (recovered.checkpoint > Zxid{}) checkpoints.push_back(recovered.checkpoint);
  if (hard.epoch < history.last_epoch()) {
    hard.epoch = history.last_epoch();
    hard.vote = ServerId{};
    write_hard_state();
  }
}

void Core::note_content(const Entry& entry) {
  if (entry.kind == EntryKind::founding) {
    Founding content;
    CHECK(decode(entry.payload.view(), content), "the founding entry cannot be read");
    memberships.emplace_back(entry.zxid, content.membership);
    founding = std::move(content);
  } else if (entry.kind == EntryKind::membership) {
    Membership content;
    CHECK(decode(entry.payload.view(), content), "a membership entry cannot be read");
    memberships.emplace_back(entry.zxid, std::move(content));
  }
}

std::optional<Base> Core::base() const {
  if (delivered == Zxid{} || stateless) return std::nullopt;
  Base base;
  base.zxid = delivered;
  base.epoch = history.epoch_at(delivered).value_or(Epoch{});
  base.founding = *founding;
  for (const auto& [zxid, membership] : memberships) {
    if (zxid > delivered) break;
    base.membership = membership;
    base.membership_set = zxid;
  }
  base.origins = origins.table();
  base.epochs = history.epochs_through(delivered);
  return base;
}

void Core::append(const Entry& entry) {
  if (entry.kind != EntryKind::command) note_content(entry);
  outbox.append(entry);
  history.append(entry);
}

void Core::truncate_after(Zxid zxid) {
  CHECK(zxid >= committed, "a committed entry is never truncated");
  history.truncate_after(zxid);
  outbox.truncate_after(zxid);
  while (memberships.size() > 1 && memberships.back().first > zxid) memberships.pop_back();
  if (zxid == Zxid{}) founding.reset();
}

void Core::commit(Zxid zxid) {
  CHECK(zxid <= history.last(), "only what is in the log can be committed");
  committed = std::max(committed, zxid);
}

void Core::deliver(Ready& ready) {
  ready.deliver.reserve(ready.deliver.size() + static_cast<std::size_t>(committed.value - delivered.value));
  for (; delivered < committed; delivered = delivered.next()) {
    const Entry& entry = history.at(delivered.next());
    bool accepted = true;
    if (entry.kind == EntryKind::command) {
      accepted = origins.accept(entry.forward);
      const bool own = entry.forward.origin == config.self && entry.forward.boot == config.boot;
      if (own && accepted) forwarder.delivered(entry.forward.n);
    }
    ready.deliver.push_back(Delivery{entry, accepted});
  }
  history.delivered_to(delivered);
  // What is not yet on disk cannot be fetched from there.
  history.trim(outbox.durable(), config.max_window_bytes);
  barriers.take_passed(delivered, ready.passed);
}

void Core::adopt(Epoch epoch) {
  CHECK(epoch > hard.epoch, "epochs only grow");
  hard.epoch = epoch;
  hard.vote = ServerId{};
  write_hard_state();
}

void Core::note_epoch(ServerId from, Epoch epoch) {
  Epoch& heard = heard_epochs[from];
  heard = std::max(heard, epoch);
}

std::optional<Fetch> Core::take_fetch() {
  if (!fetch.wanted) return std::nullopt;
  fetch.wanted->ticket = fetch.ticket = ++fetch.last;
  return std::exchange(fetch.wanted, std::nullopt);
}

// Back to the checkpoint before the last, so that a follower that missed a little needs no state.
void Core::purge(Zxid needed) {
  if (checkpoints.size() < 2) return;
  const std::size_t spared = mutant(Mutant::purge_before_publish) ? 1 : 2;
  Zxid through = std::min(checkpoints[checkpoints.size() - spared], needed);
  if (checkpoints.size() == config.max_kept_checkpoints) through = std::max(through, checkpoints.front());
  if (through <= history.floor()) return;
  history.forget_through(through);
  outbox.purge_through(through);
}

bool Core::counts() const {
  return outbox.durable_hard_state().qualified || mutant(Mutant::wiped_voter_votes);
}

bool Core::foreign(const Link& link) const {
  return link.hello && !cluster_id().empty() && !link.hello->cluster_id.empty() &&
         link.hello->cluster_id != cluster_id();
}

const Link* Core::usable(ServerId peer) const {
  const auto found = links.find(peer);
  if (found == links.end() || !found->second.hello || foreign(found->second)) return nullptr;
  return &found->second;
}

void Core::say_hello(ServerId peer) {
  Hello hello;
  hello.boot = config.boot;
  hello.cluster_id = cluster_id();
  hello.qualified = outbox.durable_hard_state().qualified;
  hello.empty = history.last() == Zxid{};
  hello.last = outbox.durable();
  hello.last_epoch = history.epoch_at(hello.last).value_or(Epoch{});
  if (stateless) hello.state_lost = std::max(history.floor(), state_at_least);
  outbox.send(Envelope{peer, links.at(peer).id, Message{hard.epoch, std::move(hello)}});
}

}  // namespace muster::broadcast
