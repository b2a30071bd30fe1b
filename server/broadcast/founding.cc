#include "server/broadcast/founding.h"

#include <algorithm>

#include "common/check.h"
#include "server/broadcast/quorum.h"

namespace muster::broadcast {
namespace {

constexpr std::size_t cluster_id_bytes = 16;
constexpr std::size_t secret_bytes = 32;

bool is_blank(const Hello& hello) { return hello.empty && !hello.qualified && hello.cluster_id.empty(); }

}  // namespace

bool may_found(const Core& core) {
  const Membership& initial = core.config.initial;
  if (!initial.is_voter(core.config.self) || core.committed > Zxid{}) return false;
  const bool resumes = core.hard.qualified && core.founding;
  if (!core.blank() && !resumes) return false;
  std::size_t qualified = resumes ? 1 : 0;
  std::size_t reachable_voters = 1;
  std::size_t reachable = 1;
  for (const Member& member : initial.members) {
    if (member.id == core.config.self) continue;
    const Link* link = core.usable(member.id);
    if (!link) continue;
    const bool same = resumes && link->hello->cluster_id == core.founding->cluster_id;
    if (!is_blank(*link->hello) && !same) return false;
    ++reachable;
    if (member.voter) ++reachable_voters;
    if (member.voter && link->hello->qualified) ++qualified;
  }
  if (qualified >= quorum_size(initial)) return false;
  return core.config.found ? reachable_voters >= quorum_size(initial) : reachable == initial.members.size();
}

std::size_t founding_votes_needed(const Core& core) {
  return core.config.found ? quorum_size(core.config.initial) : core.config.initial.voters();
}

std::int64_t founding_rank(const Core& core) {
  const auto& members = core.config.initial.members;
  return std::count_if(members.begin(), members.end(),
                       [&core](const Member& m) { return m.voter && m.id < core.config.self; });
}

Entry founding_entry(const Core& core) {
  CHECK(core.config.entropy.size() >= cluster_id_bytes + secret_bytes,
        "founding needs 48 random bytes in config.entropy");
  Founding founding;
  founding.cluster_id = core.config.entropy.substr(0, cluster_id_bytes);
  founding.secret = core.config.entropy.substr(cluster_id_bytes, secret_bytes);
  founding.membership = core.config.initial;
  Entry entry;
  entry.epoch = core.hard.epoch;
  entry.zxid = Zxid{1};
  entry.kind = EntryKind::founding;
  entry.time_ms = core.now.wall_ms;
  entry.payload = SharedBytes(encode(founding));
  return entry;
}

}  // namespace muster::broadcast
