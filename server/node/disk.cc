// What a server makes of its disk: a log without room, a log that stands still.
//
//   leader     others do better: it hands over (broadcast::Leading) and goes on as a follower
//   follower   a quorum does better: its clients are sent away, so that they go to one that works
//   anybody    no quorum has room: clients stay and read; what they want to write is refused at the door
//              (frontend::Connection), but sessions still begin, move and end, in what room the logs have left
//   anybody    no quorum's log moves: clients stay, writes wait
#include "server/node/state.h"

namespace muster::node {

using broadcast::Disk;

namespace {

constexpr std::int64_t outdone_heartbeats = 4;

}  // namespace

void Node::State::judge_disk(Now now) {
  const bool stands = write_since_ms && now.mono_ms - *write_since_ms >= config.disk_stall_ms;
  peer.set_disk(now, !has_room ? Disk::full : stands ? Disk::stalled : Disk::well);
}

void Node::State::mind_disks(Now now) {
  settings.takes_writes = peer.disks() != Disk::full;
  // A leader keeps its clients until it has handed over.
  const bool outdone = peer.disk() < peer.disks() && peer.role().role != broadcast::Role::leading;
  if (!outdone)
    outdone_since_ms.reset();
  else if (!outdone_since_ms)
    outdone_since_ms = now.mono_ms;
  // What the leader says of the others may be some heartbeats old: where all fill up at once nobody must lose its clients.
  turns_clients_away =
      outdone && now.mono_ms - *outdone_since_ms >= outdone_heartbeats * config.peer.heartbeat_ms;
  if (!turns_clients_away) return;
  for (const ConnId connection : clients.bound()) close(connection, true);
}

// Once for each change, for the log of people.
std::optional<DiskNews> Node::State::disk_news() {
  const DiskNews news{peer.disk(), settings.takes_writes};
  if (news == told_disk) return std::nullopt;
  told_disk = news;
  return news;
}

}  // namespace muster::node
