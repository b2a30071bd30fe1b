#include "tests/fuzz/server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tests/fuzz/guard.h"

namespace muster::fuzz {
namespace {

constexpr std::int64_t tick_ms = 25;
constexpr std::int64_t most_ticks = 40;

node::Node new_node(int self, int members, node::NodeConfig config) {
  config.peer.self = ServerId{self};
  config.peer.boot = static_cast<std::uint64_t>(self);
  for (int member = 1; member <= members; ++member)
    config.peer.initial.members.push_back({ServerId{member}, true});
  config.peer.entropy = std::string(48, static_cast<char>('a' + self));
  return {config, node::StartState{}, Random(static_cast<std::uint64_t>(self))};
}

}  // namespace

Server::Server(int self, int members, const node::NodeConfig& like)
    : self_(ServerId{self}), node_(new_node(self, members, like)) {}

void Server::pass(std::int64_t ms) {
  const std::int64_t ticks = std::clamp<std::int64_t>(ms / tick_ms, 1, most_ticks);
  for (std::int64_t i = 1; i <= ticks; ++i) {
    now_ms_ += i < ticks ? ms / ticks : ms - (ticks - 1) * (ms / ticks);
    node_.tick(now());
  }
}

void Server::turn(const std::function<void(const node::ClientWrite&)>& clients,
                  const std::function<void(const node::PeerEnvelope&)>& peers) {
  for (bool busy = true; busy;) {
    node::Output out = node_.take_output(now());
    busy = !out.empty();
    if (out.persist) waiting_.push_back(std::move(*out.persist));
    if (out.fetch) fetches_.push_back(*out.fetch);
    busy = disk_works() || busy;
    for (const node::PeerEnvelope& envelope : out.to_peers) peers(envelope);
    node::ConnId before = 0;
    for (const node::ClientWrite& write : out.to_clients) {
      require(write.connection > before, "what is for clients comes by connection, each once");
      before = write.connection;
      clients(write);
    }
  }
}

bool Server::disk_works() {
  if (disk_holds_ || (waiting_.empty() && fetches_.empty())) return false;
  for (; !waiting_.empty(); waiting_.pop_front()) {
    perform(waiting_.front());
    node_.persisted(now(), waiting_.front().ticket);
  }
  for (; !fetches_.empty(); fetches_.pop_front()) answer(fetches_.front());
  return true;
}

void Server::perform(const broadcast::Persist& persist) {
  if (persist.truncate_after) log_.resize(static_cast<std::size_t>(persist.truncate_after->value));
  for (const broadcast::Entry& entry : persist.append) {
    require(entry.zxid.value == static_cast<std::int64_t>(log_.size()) + 1, "the log has no gap");
    log_.push_back(entry);
  }
  require(persist.committed.value <= static_cast<std::int64_t>(log_.size()),
          "the commit mark lies in the log");
}

void Server::answer(const broadcast::Fetch& fetch) {
  const auto last = std::min(fetch.to.value, static_cast<std::int64_t>(log_.size()));
  require(fetch.from.value >= 1 && fetch.from.value <= last, "what is read from the log lies in it");
  node_.fetched(now(), fetch.ticket, {log_.begin() + (fetch.from.value - 1), log_.begin() + last});
}

}  // namespace muster::fuzz
