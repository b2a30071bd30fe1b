#include "tests/simulation/network.h"

#include <algorithm>
#include <utility>

#include "server/node/peer_codec.h"

namespace muster::simulation {
namespace {

constexpr std::int64_t buffered_messages = 200;  // of a slow link; beyond that it is given up

}  // namespace

Network::Network(Loop& loop, const Profile& profile, Random random)
    : loop_(loop), profile_(profile), random_(random), servers_(profile.servers) {
  const auto pairs = static_cast<std::size_t>(servers_ * servers_);
  streams_.resize(pairs);
  cut_.resize(pairs, false);
  slow_.resize(pairs);
  up_.resize(static_cast<std::size_t>(servers_), false);
  for (std::size_t i = 0; i < pairs; ++i)
    delay_us_.push_back(random_.between(profile.delay_us / 2 + 1, profile.delay_us * 2));
}

std::int64_t Network::delay(int from, int to) {
  const std::int64_t usual = delay_us_[at(from, to)];
  return random_.between(usual / 2 + 1, usual * (random_.chance(1, 50) ? 10 : 2));
}

void Network::host_up(int server) {
  up_[static_cast<std::size_t>(server)] = true;
  for (int other = 0; other < servers_; ++other) {
    if (other != server) maybe_connect(server, other, random_.between(0, 20'000));
  }
}

void Network::host_down(int server) {
  up_[static_cast<std::size_t>(server)] = false;
  for (int other = 0; other < servers_; ++other) {
    if (other == server) continue;
    Stream& s = stream(server, other);
    s.opened[side(server, other)] = 0;
    break_stream(server, other, server);
  }
}

void Network::maybe_connect(int a, int b, std::int64_t delay_us) {
  Stream& s = stream(a, b);
  if (s.connecting) return;
  s.connecting = true;
  loop_.after(delay_us, [this, a, b] { connect(a, b); });
}

void Network::connect(int a, int b) {
  Stream& s = stream(a, b);
  s.connecting = false;
  if (!up_[static_cast<std::size_t>(a)] || !up_[static_cast<std::size_t>(b)]) return;  // host_up tries again
  if (s.sending[0] && s.sending[1]) return;
  if (cut_off(a, b) || cut_off(b, a)) {
    maybe_connect(a, b, random_.between(50'000, 300'000));
    return;
  }
  const std::uint64_t generation = ++s.generation;
  for (const auto& [self, other] : {std::pair(a, b), std::pair(b, a)}) {
    const std::size_t mine = side(self, other), theirs = side(other, self);
    const std::int64_t opens_us = loop_.now_us() + delay(other, self);
    s.sending[mine] = true;
    s.stalled[mine].clear();
    s.last_arrival_us[theirs] = opens_us;  // nothing arrives before this side has taken the stream up
    const int me = self, them = other;
    loop_.at(opens_us, [this, me, them, generation] { open_side(me, them, generation); });
  }
}

void Network::open_side(int self, int other, std::uint64_t generation) {
  Stream& s = stream(self, other);
  const std::size_t mine = side(self, other);
  if (s.generation != generation || !s.sending[mine] || !up_[static_cast<std::size_t>(self)]) return;
  s.opened[mine] = generation;
  s.name[mine] = ++last_link_;
  loop_.note("link up", {self + 1, other + 1});
  ends_[static_cast<std::size_t>(self)]->link_up(other, s.name[mine]);
}

void Network::close_side(int self, int other, std::uint64_t generation) {
  Stream& s = stream(self, other);
  const std::size_t mine = side(self, other);
  if (s.opened[mine] != generation) return;
  s.opened[mine] = 0;
  loop_.note("link down", {self + 1, other + 1});
  ends_[static_cast<std::size_t>(self)]->link_down(other, s.name[mine]);
}

void Network::break_link(int a, int b) {
  loop_.fault(Fault::link_break, {a + 1, b + 1});
  break_stream(a, b, -1);
}

// `dead`: a side that is no more, -1 for none.
void Network::break_stream(int a, int b, int dead) {
  Stream& s = stream(a, b);
  if (!s.sending[0] && !s.sending[1]) return;
  s.sending[0] = s.sending[1] = false;
  s.stalled[0].clear();
  s.stalled[1].clear();
  const std::uint64_t generation = s.generation;
  for (const auto& [self, other] : {std::pair(a, b), std::pair(b, a)}) {
    if (self == dead) continue;
    const bool half_open = random_.chance(static_cast<std::uint64_t>(profile_.rates[Fault::half_open]), 100);
    if (half_open) loop_.fault(Fault::half_open, {self + 1, other + 1});
    const std::int64_t notices = half_open ? random_.between(500'000, 5'000'000) : delay(other, self);
    const int me = self, them = other;
    loop_.after(notices, [this, me, them, generation] { close_side(me, them, generation); });
  }
  maybe_connect(a, b, random_.between(1000, 500'000));
}

void Network::cut(int from, int to) {
  cut_[at(from, to)] = true;
  loop_.note("cut", {from + 1, to + 1});
  Stream& s = stream(from, to);
  if (!s.sending[0]) return;
  // A stream that stalls for long is given up.
  const std::uint64_t generation = s.generation;
  loop_.after(random_.between(200'000, 6'000'000), [this, from, to, generation] {
    const Stream& now = stream(from, to);
    if (now.generation == generation && cut_off(from, to)) break_stream(from, to, -1);
  });
}

void Network::slow_down(int from, int to, std::int64_t gap_us, std::int64_t for_us) {
  loop_.fault(Fault::slow_link, {from + 1, to + 1, gap_us});
  slow_[at(from, to)] = {gap_us, loop_.now_us() + for_us};
}

void Network::heal(int from, int to) {
  slow_[at(from, to)] = {};
  if (!cut_off(from, to)) return;
  cut_[at(from, to)] = false;
  loop_.note("link goes on", {from + 1, to + 1});
  Stream& s = stream(from, to);
  std::vector<Message> waiting = std::exchange(s.stalled[side(from, to)], {});
  for (Message& message : waiting) dispatch(from, to, s.generation, std::move(message));
}

void Network::heal_all() {
  loop_.note("healed", {});
  for (int from = 0; from < servers_; ++from) {
    for (int to = 0; to < servers_; ++to) {
      if (from != to) heal(from, to);
    }
  }
}

std::uint64_t Network::stream_between(int a, int b) const {
  const Stream& s = a < b ? streams_[at(a, b)] : streams_[at(b, a)];
  const bool whole =
      s.sending[0] && s.sending[1] && s.opened[0] == s.generation && s.opened[1] == s.generation;
  const bool held_up = cut_off(a, b) || cut_off(b, a) || is_slow(a, b) || is_slow(b, a);
  return whole && !held_up ? s.generation : 0;
}

void Network::send(int from, int to, broadcast::LinkId link, const node::PeerMessage& message) {
  Stream& s = stream(from, to);
  const std::size_t mine = side(from, to);
  if (s.opened[mine] != s.generation || s.name[mine] != link || !s.sending[mine]) return;
  Message carried;
  if (profile_.skip_codec) {
    carried.value = std::make_shared<const node::PeerMessage>(message);
  } else {
    node::append_encoded(carried.bytes, message);
  }
  ++messages_;
  if (cut_off(from, to)) {
    s.stalled[mine].push_back(std::move(carried));
  } else {
    dispatch(from, to, s.generation, std::move(carried));
  }
}

void Network::dispatch(int from, int to, std::uint64_t generation, Message message) {
  std::int64_t& last = stream(from, to).last_arrival_us[side(from, to)];
  const std::int64_t gap_us = is_slow(from, to) ? slow_[at(from, to)].gap_us : 0;
  last = std::max(last + gap_us, loop_.now_us() + delay(from, to));
  if (gap_us > 0 && last - loop_.now_us() > buffered_messages * gap_us) return break_stream(from, to, -1);
  loop_.at(last, [this, from, to, generation, carried = std::move(message)] {
    arrive(from, to, generation, carried);
  });
}

void Network::arrive(int from, int to, std::uint64_t generation, const Message& message) {
  Stream& s = stream(from, to);
  const std::size_t theirs = side(to, from);
  if (s.opened[theirs] != generation || !up_[static_cast<std::size_t>(to)]) return;
  PeerEnd& end = *ends_[static_cast<std::size_t>(to)];
  if (message.value) {
    end.receive(from, s.name[theirs], *message.value);
    return;
  }
  auto decoded = node::decode_peer_message(message.bytes);
  if (!decoded) broken("codec", "a message between servers does not decode: " + decoded.error().message);
  end.receive(from, s.name[theirs], std::move(decoded.value()));
}

}  // namespace muster::simulation
