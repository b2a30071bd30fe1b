#include "tests/exhaustive/server.h"

#include <algorithm>
#include <stdexcept>

#include "common/check.h"
#include "server/broadcast/describe.h"
#include "server/broadcast/fingerprint.h"
#include "server/broadcast/recovery.h"

namespace muster {

// In the place of the one that ends the process: a server that stops itself is a finding, whose way here is to be told.
void check_failed(const char* file, int line, const char* condition, const char* message) {
  throw std::logic_error(std::string("a check failed: ") + message + " (" + condition + ", " + file + ":" +
                         std::to_string(line) + ")");
}

}  // namespace muster

namespace muster::exhaustive {
namespace {

using broadcast::Persist;
using broadcast::Role;

constexpr std::int64_t all_time_outs_ms = 1000;  // longer than any wait of PeerConfig's values
constexpr int most_rounds = 16;                  // of one server with itself: more would never end

int log_steps(const Persist& persist) {
  return (persist.truncate_after ? 1 : 0) + static_cast<int>(persist.append.size());
}

void truncate(std::vector<broadcast::Entry>& log, Zxid after) {
  if (log.size() > static_cast<std::size_t>(after.value)) log.erase(log.begin() + after.value, log.end());
}

// The first `steps` of its changes to the log, and the vote or not.
void perform(Disk& disk, const Persist& persist, int steps, bool with_vote) {
  if (persist.truncate_after && steps-- > 0) truncate(disk.log, *persist.truncate_after);
  for (const auto& entry : persist.append) {
    if (steps-- > 0) disk.log.push_back(entry);
  }
  if (steps >= 0) disk.committed = std::max(disk.committed, persist.committed);
  if (with_vote && persist.hard_state) disk.hard_state = *persist.hard_state;
}

void perform(Disk& disk, const Persist& persist) { perform(disk, persist, log_steps(persist), true); }

Now now_of(const Server& server) { return Now{server.now_ms, 0}; }

std::uint64_t boot_of(const Server& server) {
  return static_cast<std::uint64_t>(server.id) * 1000 + server.boots;
}

void start(Server& server) {
  broadcast::Recovery recovery(server.disk.hard_state);
  for (const auto& entry : server.disk.log) {
    if (entry.zxid <= server.disk.committed) {
      (void)recovery.delivered(entry);
    } else {
      recovery.tail(entry);
    }
  }
  broadcast::PeerConfig config;
  config.self = ServerId{server.id};
  for (int member = 1; member <= ensemble_size; ++member)
    config.initial.members.push_back(broadcast::Member{ServerId{member}});
  config.cluster_id = server.disk.cluster_id;
  ++server.boots;
  config.boot = boot_of(server);
  config.entropy = std::string(48, static_cast<char>('a' + server.id));
  server.peer.emplace(config, recovery.take(), Random(config.boot));
  server.now_ms = 0;
  server.barriers = server.proposed = server.own_delivered = 0;
  server.peer->tick(now_of(server));
}

void crash(Server& server, int variant) {
  if (server.persist) perform(server.disk, *server.persist, variant / 2, variant % 2 != 0);
  server.peer.reset();
  server.persist.reset();
  server.links = {};
}

// A promise leaves only when the disk has performed what it speaks of.
std::string judge(const Server& server, const broadcast::Envelope& envelope) {
  const Disk& disk = server.disk;
  if (const auto* vote = std::get_if<broadcast::VoteReply>(&envelope.message.body)) {
    const bool kept = disk.hard_state.epoch > vote->standing_for ||
                      (disk.hard_state.epoch == vote->standing_for && disk.hard_state.vote == envelope.to);
    if (!vote->pre && vote->granted && !kept) return "promise: votes for what its disk does not say";
  } else if (const auto* ack = std::get_if<broadcast::AppendReply>(&envelope.message.body)) {
    if (ack->accepted && ack->durable.value > static_cast<std::int64_t>(disk.log.size()))
      return "promise: acknowledges what its disk does not hold";
  }
  return {};
}

std::string judge(const Server& server, const Persist& persist) {
  std::vector<broadcast::Entry> log = server.disk.log;
  if (persist.truncate_after) {
    if (*persist.truncate_after < server.disk.committed) return "committed-kept: cuts below its commit mark";
    truncate(log, *persist.truncate_after);
  }
  for (const auto& entry : persist.append) {
    if (entry.zxid.value != static_cast<std::int64_t>(log.size()) + 1)
      return "log-matching: leaves a gap in its log";
    log.push_back(entry);
  }
  return {};
}

class Step {
 public:
  explicit Step(Outcome& out) : out_(out), server_(out.after) {}

  void give(const Input& input);

 private:
  void hand(const Input& input);
  bool take();  // one Ready; false if there was nothing in it
  void pass_time_outs();
  void breaks(const std::string& rule) {
    if (out_.broken.empty()) out_.broken = rule;
  }

  Outcome& out_;
  Server& server_;
};

void Step::give(const Input& input) {
  const Zxid committed = server_.peer ? server_.peer->committed() : Zxid{};
  const bool goes_on = server_.peer && input.kind != Input::Kind::crash;
  const broadcast::RoleChange role = server_.peer ? server_.peer->role() : broadcast::RoleChange{};
  hand(input);
  if (!server_.peer) return;
  int round = 0;
  while (take()) {
    if (++round == most_rounds) return breaks("comes never to rest");
  }
  if (!goes_on) return;
  if (server_.peer->committed() < committed) breaks("commit-monotonic: its commit point falls");
  const bool leads_on = role.role == Role::leading && role == server_.peer->role();
  if (leads_on && !out_.delivered.empty() && out_.delivered.back().entry.epoch != role.epoch)
    breaks("commit-rule: commits an entry of an older epoch by counting");
}

void Step::hand(const Input& input) {
  const ServerId from{input.peer};
  auto& link = server_.links[static_cast<std::size_t>(input.peer)];
  switch (input.kind) {
    case Input::Kind::deliver:
      return server_.peer->step(now_of(server_), from, link, *input.message);
    case Input::Kind::disk: {
      const Persist persist = *std::exchange(server_.persist, std::nullopt);
      perform(server_.disk, persist);
      return server_.peer->persisted(now_of(server_), persist.ticket);
    }
    case Input::Kind::time_out:
      return pass_time_outs();
    case Input::Kind::propose:
      server_.proposed = server_.peer->propose(now_of(server_), SharedBytes("write")).value();
      return;
    case Input::Kind::barrier:
      return server_.peer->barrier(now_of(server_), ++server_.barriers);
    case Input::Kind::crash:
      return crash(server_, input.variant);
    case Input::Kind::start:
      return start(server_);
    case Input::Kind::link_up:
      link = ++server_.last_link;
      return server_.peer->link_up(now_of(server_), from, link);
    case Input::Kind::link_down:
      return server_.peer->link_down(now_of(server_), from, std::exchange(link, 0));
  }
}

void Step::pass_time_outs() {
  const bool had_leader = server_.peer->role().role != Role::looking;
  for (int passed = had_leader ? 2 : 1; passed > 0; --passed) {
    server_.now_ms += all_time_outs_ms;
    server_.peer->tick(now_of(server_));
  }
}

bool Step::take() {
  broadcast::Ready ready = server_.peer->take_ready();
  if (ready.empty()) return false;
  for (auto& delivery : ready.deliver) {
    if (server_.peer->founding()) server_.disk.cluster_id = server_.peer->founding()->cluster_id;
    const broadcast::ForwardId& made = delivery.entry.forward;
    if (made.origin == ServerId{server_.id} && made.boot == boot_of(server_)) server_.own_delivered = made.n;
    out_.delivered.push_back(std::move(delivery));
  }
  out_.passed.insert(out_.passed.end(), ready.passed.begin(), ready.passed.end());
  for (auto& envelope : ready.send) {
    breaks(judge(server_, envelope));
    out_.sent.push_back(Sent{envelope.to.value, std::move(envelope.message)});
  }
  if (ready.persist) {
    if (server_.persist) breaks("a second write while one is in flight");
    breaks(judge(server_, *ready.persist));
    server_.persist = std::move(ready.persist);
  }
  return true;
}

}  // namespace

std::string Server::fingerprint() const {
  broadcast::Fingerprint bytes;
  bytes.put(id, boots, barriers, disk.hard_state, disk.log, disk.committed, disk.cluster_id, persist);
  return bytes.take() + (peer ? peer->fingerprint() : std::string());
}

std::vector<broadcast::Entry> handed_log(const Server& server) {
  Disk disk = server.disk;
  if (server.persist) perform(disk, *server.persist);
  return disk.log;
}

int crash_variants(const Server& server) { return server.persist ? 2 * (log_steps(*server.persist) + 1) : 1; }

Outcome run(const Server& server, const Input& input) {
  Outcome out;
  out.after = server;
  try {
    Step(out).give(input);
  } catch (const std::logic_error& stopped) {
    out.broken = stopped.what();
  }
  return out;
}

}  // namespace muster::exhaustive
