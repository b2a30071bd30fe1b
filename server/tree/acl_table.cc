#include "server/tree/acl_table.h"

#include "common/check.h"
#include "server/tree/digest.h"

namespace muster::tree {
namespace {

constexpr std::uint64_t absent = 0x6e756c6c;  // in place of a hash

std::uint64_t hash_of(const std::optional<std::string>& text) { return text ? hash_bytes(*text) : absent; }

}  // namespace

std::uint64_t hash_of(const std::vector<Acl>& acl) {
  std::uint64_t hash = acl.size();
  for (const Acl& entry : acl) {
    hash = FieldHash()
               .add(hash)
               .add(entry.perms)
               .add(hash_of(entry.who.scheme))
               .add(hash_of(entry.who.id))
               .value();
  }
  return hash;
}

AclRef AclTable::acquire(const std::vector<Acl>& acl) {
  if (last_ < entries_.size() && entries_[last_].users > 0 && *entries_[last_].acl == acl) {
    ++entries_[last_].users;
    return last_;
  }
  const std::uint64_t hash = hash_of(acl);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto found = first; found != last; ++found) {
    Entry& entry = entries_[found->second];
    if (*entry.acl != acl) continue;
    ++entry.users;
    return last_ = found->second;
  }
  if (free_.empty()) {
    free_.push_back(static_cast<AclRef>(entries_.size()));
    entries_.emplace_back();
  }
  const AclRef ref = free_.back();
  free_.pop_back();
  entries_[ref] = {std::make_shared<const std::vector<Acl>>(acl), hash, 1};
  by_hash_.emplace(hash, ref);
  return last_ = ref;
}

void AclTable::release(AclRef ref) {
  Entry& entry = entries_[ref];
  CHECK(entry.users > 0, "only a list in use is released");
  if (--entry.users > 0) return;
  const auto [first, last] = by_hash_.equal_range(entry.hash);
  for (auto found = first; found != last; ++found) {
    if (found->second != ref) continue;
    by_hash_.erase(found);
    break;
  }
  entry = {};
  free_.push_back(ref);
}

}  // namespace muster::tree
