// mntr and conf.
#include <fmt/format.h>

#include "server/frontend/word_lines.h"

namespace muster::frontend {
namespace {

std::string_view peer_state(std::string_view mode) {
  if (mode == "leader") return "leading - broadcast";
  return mode == "observer" ? "observing - broadcast" : "following - broadcast";
}

class Lines {
 public:
  template <class Value>
  void add(std::string_view key, const Value& value) {
    out_ += fmt::format("zk_{}\t{}\n", key, value);
  }
  void add_measured(std::string_view key, std::int64_t value) {
    if (value >= 0) add(key, value);
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void add_leader(Lines& lines, const ServerView& server) {
  lines.add("min_proposal_size", server.proposals.min);
  lines.add("max_proposal_size", server.proposals.max);
  lines.add("last_proposal_size", server.proposals.last);
  lines.add("learners", server.followers.learners);
  lines.add("synced_followers", server.followers.synced_voters);
  lines.add("synced_non_voting_followers", server.followers.not_voting);
  lines.add("synced_observers", server.followers.synced_observers);
  lines.add("pending_syncs", server.pending_syncs);
  lines.add("leader_uptime", server.leader_uptime_ms);
}

}  // namespace

std::string average(const Latency& latency) {
  if (latency.count == 0) return "0.0";
  std::string text =
      fmt::format("{:.4f}", static_cast<double>(latency.total) / static_cast<double>(latency.count));
  while (text.back() == '0' && text[text.size() - 2] != '.') text.pop_back();
  return text;
}

std::string mntr(const ServerView& server) {
  const bool alone = server.mode == "standalone";
  const Counters& counters = server.counters;
  Lines lines;
  lines.add("version", version);
  lines.add("server_state", server.mode);
  if (!alone) lines.add("peer_state", peer_state(server.mode));
  lines.add("ephemerals_count", server.ephemerals);
  lines.add("num_alive_connections", server.connections);
  lines.add("avg_latency", average(counters.latency));
  lines.add("outstanding_requests", server.outstanding);
  lines.add("znode_count", server.znodes);
  lines.add("global_sessions", server.sessions);
  lines.add("local_sessions", 0);  // all sessions are the whole ensemble's
  lines.add("packets_sent", counters.packets_sent);
  lines.add("packets_received", counters.packets_received);
  lines.add("last_client_response_size", counters.responses.last);
  lines.add("max_client_response_size", counters.responses.max);
  lines.add("min_client_response_size", counters.responses.min);
  lines.add("connection_drop_probability", "0.0");  // none is dropped by chance
  lines.add("watch_count", server.watches);
  lines.add("auth_failed_count", counters.auth_failed);
  lines.add("min_latency", counters.latency.min);
  lines.add("max_latency", counters.latency.max);
  lines.add_measured("max_file_descriptor_count", server.max_open_files);
  lines.add_measured("open_file_descriptor_count", server.open_files);
  lines.add("approximate_data_size", server.data_bytes);
  lines.add("uptime", server.uptime_ms);
  if (server.mode == "leader") add_leader(lines, server);
  if (!alone) lines.add("quorum_size", server.voters);
  lines.add("votes", server.votes ? 1 : 0);  // Muster's own
  lines.add("last_checkpoint_zxid", server.checkpoint.value);
  lines.add("last_confirmed_digest_zxid", server.digest_confirmed.value);
  lines.add("log_has_room", server.log_has_room ? 1 : 0);
  lines.add("log_moves", server.log_moves ? 1 : 0);
  lines.add("takes_writes", server.takes_writes ? 1 : 0);
  return lines.take();
}

// One port of a server is for all that servers say to each other: it stands for both of ZooKeeper's.
std::string conf(const ServerView& server) {
  std::string out = fmt::format("clientPort={}\nsecureClientPort=-1\n", server.client_port);
  out += fmt::format("dataDir={0}\ndataDirSize={1}\ndataLogDir={0}\ndataLogSize={1}\n", server.data_dir,
                     server.disk_bytes);
  out += fmt::format("tickTime={}\nmaxClientCnxns={}\n", server.tick_ms, server.max_connections_per_address);
  out += fmt::format("minSessionTimeout={}\nmaxSessionTimeout={}\n", 2 * server.tick_ms, 20 * server.tick_ms);
  out += fmt::format("clientPortListenBacklog={}\nserverId={}\n", server.listen_backlog, server.self.value);
  if (server.mode == "standalone") return out;
  const auto own = server.places.find(server.self);
  const std::uint16_t port = own == server.places.end() ? 0 : own->second.peer_port;
  out += fmt::format("electionPort={0}\nquorumPort={0}\npeerType={1}\nmembership: \n", port,
                     server.mode == "observer" ? 1 : 0);
  for (const MemberLine& member : server.members) {
    const auto found = server.places.find(member.id);
    const ServerPlace place = found == server.places.end() ? ServerPlace{} : found->second;
    out += fmt::format("server.{0}={1}:{2}:{2}:{3}", member.id.value, place.peer_host, place.peer_port,
                       member.voter ? "participant" : "observer");
    out += place.client.empty() ? "\n" : ";" + place.client + "\n";
  }
  return out + "version=0";
}

}  // namespace muster::frontend
