// Dispatch: which handler gets which input, and what a server becomes after it. Everything else is elsewhere.
#include "server/broadcast/peer.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "server/broadcast/core.h"
#include "server/broadcast/describe.h"
#include "server/broadcast/fingerprint.h"
#include "server/broadcast/following.h"
#include "server/broadcast/invariants.h"
#include "server/broadcast/leading.h"
#include "server/broadcast/looking.h"
#include "server/broadcast/votes.h"

namespace muster::broadcast {

namespace {

// No ensemble holds that many elections; beyond it counting on would overflow.
constexpr Epoch greatest_epoch{std::int64_t{1} << 62};

}  // namespace

struct Peer::State {
  State(const PeerConfig& config, Recovered recovered, Random random)
      : core(config, std::move(recovered), random), role(Looking(core, Pace::patient)) {}

  void begin(Now now);
  void become(const Next& next);
  void look(Pace pace);
  void follow(ServerId leader);
  void announce();

  // True: the message is of a current link to a server of this ensemble, and after any greater epoch in it
  // was adopted.
  bool admit(ServerId from, LinkId link, const Message& message);
  bool is_sticky_against(ServerId from, const Message& message) const;
  void adopt(Epoch epoch);
  [[nodiscard]] bool hears_leader_other_than(ServerId from) const;
  [[nodiscard]] RoleChange role_now() const;

  void on(ServerId from, const Hello& hello, Epoch epoch);
  void on(ServerId from, const VoteRequest& request, Epoch epoch);
  void on(ServerId from, const VoteReply& reply, Epoch epoch);
  void on(ServerId from, const Append& append, Epoch epoch);
  void on(ServerId from, const AppendReply& reply, Epoch epoch);
  void on(ServerId from, const Welcome& welcome, Epoch epoch);
  void on(ServerId from, const Forward& forward, Epoch epoch);
  void on(ServerId from, const BarrierRequest& request, Epoch epoch);
  void on(ServerId from, const BarrierReply& reply, Epoch epoch);
  void on(ServerId from, const StandNow& stand, Epoch epoch);

  void lose_link(ServerId peer);

  template <class R>
  R* as() {
    return std::get_if<R>(&role);
  }
  // Following, and `from` is the leader of this very epoch.
  Following* following(ServerId from, Epoch epoch) {
    auto* const f = as<Following>();
    return f && f->leader() == from && epoch == core.hard.epoch ? f : nullptr;
  }
  Leading* leading(Epoch epoch) { return epoch == core.hard.epoch ? as<Leading>() : nullptr; }

  Core core;
  std::variant<Looking, Following, Leading> role;
  std::vector<RoleChange> changes;
  bool started = false;  // the first input has told the time
};

// --- what it becomes

void Peer::State::begin(Now now) {
  core.now = now;
  if (std::exchange(started, true)) return;
  role = Looking(core, Pace::patient);  // its first wait counts from now
}

void Peer::State::become(const Next& next) {
  switch (next.step) {
    case Next::Step::stay:
      return;
    case Next::Step::look:
      return look(next.pace);
    case Next::Step::lead:
      role = Leading(core, next.founding);
      return announce();
  }
}

void Peer::State::look(Pace pace) {
  role = Looking(core, pace);
  announce();
  if (pace == Pace::at_once) become(as<Looking>()->on_tick(core));
}

void Peer::State::follow(ServerId leader) {
  role = Following(core, leader);
  announce();
}

void Peer::State::announce() { changes.push_back(role_now()); }

RoleChange Peer::State::role_now() const {
  RoleChange now{Role::looking, core.hard.epoch, ServerId{}};
  if (const auto* f = std::get_if<Following>(&role)) {
    now.role = Role::following;
    now.leader = f->leader();
  } else if (std::holds_alternative<Leading>(role)) {
    now.role = Role::leading;
    now.leader = core.config.self;
  }
  return now;
}

void Peer::State::adopt(Epoch epoch) {
  core.adopt(epoch);
  if (auto* const looking = as<Looking>()) {
    looking->on_adopted(core);
  } else {
    look(Pace::patient);
  }
}

// --- who is heard

bool Peer::State::hears_leader_other_than(ServerId from) const {
  if (std::holds_alternative<Leading>(role)) return true;
  const auto* f = std::get_if<Following>(&role);
  return f && f->leader() != from && f->hears_leader(core);
}

// A candidate that is merely cut off from a live leader must not depose it, neither by its request nor by the
// request's epoch.
bool Peer::State::is_sticky_against(ServerId from, const Message& message) const {
  const auto* request = std::get_if<VoteRequest>(&message.body);
  return request && !request->transfer && hears_leader_other_than(from);
}

bool Peer::State::admit(ServerId from, LinkId link_id, const Message& message) {
  if (message.epoch < Epoch{} || message.epoch > greatest_epoch) return false;
  const auto link = core.links.find(from);
  if (link == core.links.end() || link->second.id != link_id) return false;
  if (const auto* hello = std::get_if<Hello>(&message.body)) link->second.hello = *hello;
  if (!core.usable(from)) return false;
  core.note_epoch(from, message.epoch);
  if (message.epoch <= core.hard.epoch) return true;
  const auto* request = std::get_if<VoteRequest>(&message.body);
  if ((request && request->pre) || is_sticky_against(from, message)) return true;
  adopt(message.epoch);
  return true;
}

// --- one handler per message

void Peer::State::on(ServerId from, const Hello& hello, Epoch) {
  if (auto* const looking = as<Looking>()) become(looking->on_hello(core, from));
  if (auto* const l = as<Leading>()) l->on_hello(core, from, hello);
}

void Peer::State::on(ServerId from, const VoteRequest& request, Epoch) {
  const bool granted = answer_vote_request(core, from, request, hears_leader_other_than(from));
  auto* const looking = as<Looking>();
  if (granted && looking) looking->on_granted(core, from, request);
}

void Peer::State::on(ServerId from, const VoteReply& reply, Epoch) {
  if (auto* const looking = as<Looking>()) become(looking->on_vote_reply(core, from, reply));
}

void Peer::State::on(ServerId from, const Append& append, Epoch epoch) {
  if (epoch < core.hard.epoch) {
    // It is not the leader any more, and learns it from our epoch.
    core.send(from, AppendReply{false, Zxid{}, Epoch{}, 0, false});
    return;
  }
  if (as<Looking>()) follow(from);
  if (auto* const f = following(from, epoch)) f->on_append(core, append);
}

void Peer::State::on(ServerId from, const AppendReply& reply, Epoch epoch) {
  if (auto* const l = leading(epoch)) l->on_append_reply(core, from, reply);
}

void Peer::State::on(ServerId from, const Welcome& welcome, Epoch epoch) {
  if (epoch == core.hard.epoch && as<Looking>()) follow(from);  // said once only, so it must not be missed
  if (auto* const f = following(from, epoch)) f->on_welcome(core, welcome);
}

void Peer::State::on(ServerId from, const Forward& forward, Epoch epoch) {
  if (auto* const l = leading(epoch)) l->on_forward(core, from, forward);
}

void Peer::State::on(ServerId from, const BarrierRequest& request, Epoch epoch) {
  if (auto* const l = leading(epoch)) l->on_barrier_request(core, from, request);
}

void Peer::State::on(ServerId from, const BarrierReply& reply, Epoch epoch) {
  if (auto* const f = following(from, epoch)) f->on_barrier_reply(core, reply);
}

void Peer::State::on(ServerId from, const StandNow&, Epoch epoch) {
  if (auto* const f = following(from, epoch)) become(f->on_stand_now(core));
}

void Peer::State::lose_link(ServerId peer) {
  core.links.erase(peer);
  if (auto* const l = as<Leading>()) l->on_link_lost(core, peer);
  const auto* f = as<Following>();
  if (f && f->leader() == peer) look(Pace::soon);
}

// --- the public face

bool Ready::empty() const {
  return send.empty() && !persist && !fetch && deliver.empty() && passed.empty() && roles.empty() &&
         want_state.empty();
}

Peer::Peer(const PeerConfig& config, Recovered recovered, Random random)
    : state_(std::make_unique<State>(config, std::move(recovered), random)) {}
Peer::Peer(const Peer& other) : state_(std::make_unique<State>(*other.state_)) {}
Peer& Peer::operator=(const Peer& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
Peer::Peer(Peer&&) noexcept = default;
Peer& Peer::operator=(Peer&&) noexcept = default;
Peer::~Peer() = default;

void Peer::tick(Now now) {
  state_->begin(now);
  state_->become(std::visit([this](auto& role) { return role.on_tick(state_->core); }, state_->role));
  state_->core.outbox.note_committed(state_->core.committed);
  check_invariants(state_->core);
}

void Peer::step(Now now, ServerId from, LinkId link, const Message& message) {
  state_->begin(now);
  if (!state_->admit(from, link, message)) return;
  std::visit([&](const auto& body) { state_->on(from, body, message.epoch); }, message.body);
  check_invariants(state_->core);
}

void Peer::link_up(Now now, ServerId peer, LinkId link) {
  state_->begin(now);
  if (state_->core.links.count(peer) != 0) state_->lose_link(peer);
  state_->core.links[peer] = Link{link, std::nullopt};
  state_->core.say_hello(peer);
}

void Peer::link_down(Now now, ServerId peer, LinkId link) {
  state_->begin(now);
  const auto found = state_->core.links.find(peer);
  if (found != state_->core.links.end() && found->second.id == link) state_->lose_link(peer);
}

void Peer::persisted(Now now, Ticket ticket) {
  state_->begin(now);
  state_->core.outbox.persisted(ticket);
  if (auto* const looking = state_->as<Looking>()) state_->become(looking->on_persisted(state_->core));
  if (auto* const leading = state_->as<Leading>()) leading->on_persisted(state_->core);
  check_invariants(state_->core);
}

void Peer::fetched(Now now, Ticket ticket, const std::vector<Entry>& entries) {
  state_->begin(now);
  if (ticket == 0 || ticket != state_->core.fetch.ticket) return;
  state_->core.fetch.ticket = 0;
  if (auto* const leading = state_->as<Leading>()) leading->on_fetched(state_->core, entries);
}

std::optional<std::uint64_t> Peer::propose(Now now, SharedBytes command) {
  state_->begin(now);
  return state_->core.forwarder.propose(std::move(command), state_->core.config.max_pending_bytes);
}

void Peer::barrier(Now now, BarrierId id) {
  state_->begin(now);
  state_->core.barriers.add(id);
}

void Peer::compact(Now now, Zxid zxid) {
  state_->begin(now);
  Core& core = state_->core;
  CHECK(zxid <= core.delivered && zxid <= core.outbox.durable(), "a checkpoint never passes the log on disk");
  if (!core.checkpoints.empty() && zxid <= core.checkpoints.back()) return;
  core.checkpoints.push_back(zxid);
  while (core.checkpoints.size() > core.config.max_kept_checkpoints) core.checkpoints.pop_front();
}

void Peer::state_offered(Now now, const WantState& to, Zxid zxid) {
  state_->begin(now);
  if (auto* const leading = state_->as<Leading>()) leading->on_state_offered(state_->core, to, zxid);
}

void Peer::state_failed(Now now, const WantState& to) {
  state_->begin(now);
  if (auto* const leading = state_->as<Leading>()) leading->on_state_failed(state_->core, to);
}

void Peer::transfer(Now now) {
  state_->begin(now);
  if (auto* const leading = state_->as<Leading>()) leading->transfer(state_->core);
}

void Peer::set_disk(Now now, Disk disk) {
  state_->begin(now);
  state_->core.disk = disk;
}

Ready Peer::take_ready() {
  Core& core = state_->core;
  Ready ready;
  core.deliver(ready);
  if (auto* const leading = state_->as<Leading>()) {
    leading->flush(core);
    core.purge(leading->needed(core));
    ready.want_state = leading->take_want_state();
  } else if (auto* const following = state_->as<Following>()) {
    following->flush(core);
    core.purge(core.delivered);
  }
  core.barriers.take_passed(core.delivered, ready.passed);
  ready.send = core.outbox.take_send();
  // A link may have been lost while its message waited for the disk.
  const auto stale = [&core](const Envelope& envelope) {
    const auto link = core.links.find(envelope.to);
    return link == core.links.end() || link->second.id != envelope.link;
  };
  ready.send.erase(std::remove_if(ready.send.begin(), ready.send.end(), stale), ready.send.end());
  ready.persist = core.outbox.take_persist(core.committed);
  ready.fetch = core.take_fetch();
  ready.roles = std::exchange(state_->changes, {});
  return ready;
}

RoleChange Peer::role() const { return state_->role_now(); }

bool Peer::established() const {
  if (const auto* leading = state_->as<Leading>()) return leading->established(state_->core);
  const auto* following = state_->as<Following>();
  return following && following->established();
}

Disk Peer::disk() const { return state_->core.disk; }

Disk Peer::disks() const {
  if (const auto* leading = state_->as<Leading>()) return leading->disks();
  const auto* following = state_->as<Following>();
  return following ? following->disks() : Disk::absent;
}

HardState Peer::hard_state() const { return state_->core.hard; }
Zxid Peer::last() const { return state_->core.history.last(); }
Zxid Peer::durable() const { return state_->core.outbox.durable(); }
Zxid Peer::committed() const { return state_->core.committed; }
Zxid Peer::delivered() const { return state_->core.delivered; }
Zxid Peer::floor() const { return state_->core.history.floor(); }
bool Peer::stateless() const { return state_->core.stateless; }
Zxid Peer::state_at_least() const { return std::max(floor(), state_->core.state_at_least); }
bool Peer::linked(ServerId peer) const { return state_->core.usable(peer) != nullptr; }
const Membership& Peer::membership() const { return state_->core.membership(); }
std::vector<Follower> Peer::followers() const {
  const auto* leading = state_->as<Leading>();
  return leading ? leading->followers() : std::vector<Follower>();
}
const std::optional<Founding>& Peer::founding() const { return state_->core.founding; }
std::optional<Base> Peer::base() const { return state_->core.base(); }

std::string Peer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.put_server(state_->core, state_->role);
  return fingerprint.take();
}

std::string Peer::describe() const {
  const Core& core = state_->core;
  std::string out = to_string(core.config.self) + " " + broadcast::describe(role()) +
                    (established() ? " established" : "") + " last " + to_string(last()) + ":" +
                    to_string(core.history.last_epoch()) + " durable " + to_string(durable()) +
                    " committed " + to_string(committed()) + " delivered " + to_string(delivered());
  if (floor() > Zxid{}) out += " floor " + to_string(floor());
  if (!core.hard.qualified) out += " unqualified";
  if (core.stateless) out += " stateless";
  out += unwell("disk", core.disk) + unwell("quorum", disks());
  for (const auto& [peer, link] : core.links) {
    if (core.foreign(link)) out += " foreign " + to_string(peer);
  }
  return out;
}

}  // namespace muster::broadcast
