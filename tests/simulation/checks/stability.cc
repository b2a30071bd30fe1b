#include "tests/simulation/checks/stability.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>

namespace muster::simulation {

std::int64_t settle_us(const Profile& profile) {
  constexpr std::int64_t reconnect_us =
      7'000'000;  // a half-open link is noticed, a stalled one given up, in less
  const std::int64_t round_us = 2 * (4 * profile.delay_us + 2 * profile.sync_us + profile.drain_us);
  const std::int64_t timeout_us = 1000 * (2 * profile.election_ms + profile.stagger_ms) + round_us;
  return (10 * timeout_us + reconnect_us) * (1000 + greatest_drift_permille) / 1000;
}

bool Stability::is_well(int server) const {
  const Host& host = *hosts_[static_cast<std::size_t>(server)];
  // One that needs a state, and finds no room for it, takes its time; that it gets there is demanded at the end.
  const auto needs_state = [&host](const auto& other) {
    return other->leads() && host.needs_state_of(*other);
  };
  if (host.up() && std::any_of(hosts_.begin(), hosts_.end(), needs_state)) return false;
  return host.up() && !host.paused() && host.disk_well() && host.has_state() &&
         !host.node().peer().stateless() && around_.logs.durable_hard_state(server).qualified;
}

std::optional<std::int64_t> Stability::undisturbed_since_us(Servers servers) const {
  std::int64_t since_us = 0;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if ((servers >> i & 1U) == 0) continue;
    if (!servers_[i].well) return std::nullopt;
    since_us = std::max(since_us, servers_[i].well_since_us);
    for (std::size_t j = i + 1; j < servers_.size(); ++j) {
      if ((servers >> j & 1U) == 0) continue;
      const Link& link = links_[i * servers_.size() + j];
      if (link.stream == 0) return std::nullopt;
      since_us = std::max(since_us, link.since_us);
    }
  }
  return since_us;
}

void Stability::find_majority() {
  const int voters = around_.profile.voters;
  const int quorum = voters / 2 + 1;
  since_us_.reset();
  for (Servers servers = 1; servers < Servers{1} << voters; ++servers) {
    if (std::popcount(servers) != quorum) continue;
    const auto since_us = undisturbed_since_us(servers);
    if (!since_us || (since_us_ && *since_us >= *since_us_)) continue;
    since_us_ = since_us;
    majority_ = servers;
  }
}

void Stability::look() {
  const std::int64_t now_us = around_.loop.now_us();
  const auto count = static_cast<int>(servers_.size());
  for (int i = 0; i < count; ++i) {
    Server& server = servers_[static_cast<std::size_t>(i)];
    const int deaths = hosts_[static_cast<std::size_t>(i)]->deaths();
    const bool well = is_well(i);
    if (!well || !server.well || deaths != server.deaths) server = {now_us, deaths, well};
    for (int j = i + 1; j < count; ++j) {
      Link& link = links_[static_cast<std::size_t>(i * count + j)];
      const std::uint64_t stream = around_.network.stream_between(i, j);
      if (stream != link.stream) link = {now_us, stream};
    }
  }
  if (around_.logs.elections() != elections_) {
    elections_ = around_.logs.elections();
    election_us_ = now_us;
  }
  find_majority();
  // A server that is far behind takes its time; each election alone appends one entry. Where nothing is asked for, nothing is due.
  if (around_.model.applied() > applied_ || least_durable().value - 10 >= durable_.value || !since_us_ ||
      around_.model.applied() == Zxid{} || idle_leader()) {
    applied_ = around_.model.applied();
    durable_ = least_durable();
    progress_us_ = now_us;
  }
  const std::int64_t bound_us = settle_us(around_.profile);
  if (!since_us_ || now_us - std::max(*since_us_, progress_us_) < bound_us) return;
  broken(
      "progress",
      fmt::format("a majority of servers ({:#b}) has not been disturbed for {} ms, and nothing "
                  "was committed for {} ms; {} is the most that it may take",
                  majority_, (now_us - *since_us_) / 1000, (now_us - progress_us_) / 1000, bound_us / 1000));
}

// Somebody leads, and nobody waits for a write at any of them.
bool Stability::idle_leader() const {
  const bool led = std::any_of(hosts_.begin(), hosts_.end(), [](const auto& host) {
    return host->leads() && host->node().peer().established();
  });
  if (!led) return false;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    if ((majority_ >> i & 1U) == 0) continue;
    if (hosts_[i]->node().status().outstanding > 0) return false;
  }
  return true;
}

Zxid Stability::least_durable() const {
  Zxid least{INT64_MAX};
  for (std::size_t i = 0; i < hosts_.size(); ++i)
    if ((majority_ >> i & 1U) != 0) least = std::min(least, around_.logs.durable_last(static_cast<int>(i)));
  return least;
}

std::optional<std::int64_t> Stability::calm_since_us() const {
  if (!since_us_) return std::nullopt;
  return std::max(*since_us_, election_us_);
}

}  // namespace muster::simulation
