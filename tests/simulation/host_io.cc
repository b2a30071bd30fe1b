// What goes into a server and what comes out of it.
#include <fmt/core.h>

#include <utility>

#include "server/broadcast/describe.h"
#include "tests/simulation/host.h"

namespace muster::simulation {

void Host::input(Action action) {
  if (!up()) return;
  if (paused_) {
    waiting_.push_back(std::move(action));
    return;
  }
  action();
  if (up()) after_input();  // it may have died of it
}

void Host::after_input() {
  around_.logs.on_state(index_, node_->peer());
  if (around_.profile.drain_us == 0) return drain();
  if (std::exchange(drain_asked_, true)) return;
  const std::uint64_t incarnation = incarnation_;
  around_.loop.after(random_.between(0, around_.profile.drain_us), [this, incarnation] {
    if (incarnation != incarnation_) return;
    drain_asked_ = false;
    if (!paused_) drain();  // a paused one drains when it goes on
  });
}

void Host::drain() {
  const std::uint64_t incarnation = incarnation_;
  for (bool more = true; more && incarnation == incarnation_;) {
    node::Output output = node_->take_output(now());
    more = output.more;
    around_.logs.on_state(index_, node_->peer());
    follow_applied();
    emit(std::move(output));
  }
}

// Every entry that is applied here is one of the history, and leaves the same state.
void Host::follow_applied() {
  const tree::Tree& tree = node_->tree();
  if (tree.applied() == applied_) return;
  applied_ = tree.applied();
  while (around_.model.applied() < applied_) {
    const Model::Applied& entry = around_.model.apply(around_.logs.adopt(index_, node_->peer().role().epoch));
    const auto& session = entry.outcome.session;
    if (entry.expiry && session && session->kind == tree::SessionEvent::Kind::closed) {
      const auto judge = static_cast<int>(entry.record->entry.forward.origin.value) - 1;
      around_.expiry.on_expired(session->session, std::int64_t{session->timeout_ms} * 1000, judge,
                                entry.record->first_seen_us);
    }
  }
  if (!may_be_wrong_) around_.model.compare_digest(index_, tree);
}

// Whether it comes to that at this moment.
bool Host::comes_to(Fault moment) {
  const std::int64_t rate = around_.profile.rates[moment];
  if (rate == 0 || !random_.chance(static_cast<std::uint64_t>(rate), 1000)) return false;
  around_.loop.fault(moment, {index_ + 1});
  return true;
}

bool Host::dies_after_step() {
  if (!steps_to_live_ || --*steps_to_live_ > 0) return false;
  die(random_.chance(1, 2) ? Death::killed : Death::power_cut, restart_delay());
  return true;
}

void Host::emit(node::Output output) {
  for (const broadcast::RoleChange& role : output.roles) {
    around_.loop.note(
        "role", {index_ + 1, static_cast<std::int64_t>(role.role), role.epoch.value, role.leader.value});
  }
  const bool disk_first = random_.chance(1, 2);
  if (output.persist && disk_first) {
    submit(std::move(*output.persist));
    if (dies_after_step()) return;
  }
  for (const node::PeerEnvelope& envelope : output.to_peers) {
    std::optional<Fault> risk;
    if (const auto* message = std::get_if<broadcast::Message>(&envelope.message)) {
      around_.logs.on_send(index_, envelope.to, *message);
      if (std::holds_alternative<broadcast::VoteReply>(message->body)) risk = Fault::crash_at_vote;
      if (std::holds_alternative<broadcast::AppendReply>(message->body)) risk = Fault::crash_at_ack;
    }
    around_.network.send(index_, envelope.to.value - 1, envelope.link, envelope.message);
    if (risk && comes_to(*risk)) steps_to_live_ = 1;
    if (dies_after_step()) return;
  }
  for (const node::ClientWrite& write : output.to_clients) {
    around_.sockets.write(index_, write);
    if (comes_to(Fault::crash_at_reply)) steps_to_live_ = 1;
    if (dies_after_step()) return;
  }
  if (output.persist && !disk_first) submit(std::move(*output.persist));
  if (output.fetch) read(*output.fetch);
  if (output.checkpoint) submit(std::move(*output.checkpoint));
  for (node::StateRead& read : output.state_reads) submit(std::move(read));
  if (output.state_write) submit(std::move(*output.state_write));
  // As after a crash: what is under way is done or not.
  if (output.restart)
    die(random_.chance(1, 2) ? Death::killed : Death::power_cut, random_.between(1000, 50'000));
  if (output.state_at_least) set_state_aside(*output.state_at_least);
}

void Host::link_up(int peer, broadcast::LinkId link) {
  input([this, peer, link] { node_->peer_up(now(), ServerId{peer + 1}, link); });
}

void Host::link_down(int peer, broadcast::LinkId link) {
  input([this, peer, link] { node_->peer_down(now(), ServerId{peer + 1}, link); });
}

void Host::receive(int peer, broadcast::LinkId link, node::PeerMessage message) {
  if (around_.loop.tracing()) {
    const auto* core = std::get_if<broadcast::Message>(&message);
    around_.loop.say(fmt::format("{} -> {}{}: {}", peer + 1, index_ + 1, paused_ ? " (paused)" : "",
                                 core == nullptr ? "touch" : broadcast::describe(*core)));
  }
  if (!paused_ && up()) {
    node_->peer_message(now(), ServerId{peer + 1}, link, message);
    return after_input();
  }
  input([this, peer, link, kept = std::move(message)] {
    node_->peer_message(now(), ServerId{peer + 1}, link, kept);
  });
}

void Host::client_opened(SocketId socket, std::string address) {
  input([this, socket, address] { node_->client_opened(now(), socket, address); });
}

void Host::client_bytes(SocketId socket, std::string bytes) {
  input([this, socket, bytes] { node_->client_bytes(now(), socket, bytes); });
}

void Host::client_closed(SocketId socket) {
  input([this, socket] { node_->client_closed(now(), socket); });
}

void Host::client_backlog(SocketId socket, std::size_t bytes) {
  input([this, socket, bytes] { node_->client_backlog(now(), socket, bytes); });
}

void Host::jump_wall_clock(std::int64_t ms) {
  around_.loop.fault(Fault::wall_jump, {index_ + 1, ms});
  wall_skew_ms_ += ms;
}

void Host::transfer() {
  around_.loop.fault(Fault::transfer, {index_ + 1});
  input([this] { node_->transfer(now()); });
}

}  // namespace muster::simulation
