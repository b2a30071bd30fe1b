// Access control lists, each kept once however many znodes have it. Counted: a list without users is
// forgotten.
#pragma once

#include <muster/acl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace muster::tree {

using AclRef = std::uint32_t;
using SharedAcl = std::shared_ptr<const std::vector<Acl>>;

// Null and empty texts hash differently.
[[nodiscard]] std::uint64_t hash_of(const std::vector<Acl>& acl);

class AclTable {
 public:
  // The list's number; one user more.
  [[nodiscard]] AclRef acquire(const std::vector<Acl>& acl);
  void release(AclRef ref);
  [[nodiscard]] const SharedAcl& at(AclRef ref) const { return entries_[ref].acl; }
  [[nodiscard]] std::uint64_t hash(AclRef ref) const { return entries_[ref].hash; }

 private:
  struct Entry {
    SharedAcl acl;
    std::uint64_t hash = 0;
    std::uint64_t users = 0;
  };
  std::vector<Entry> entries_;
  std::vector<AclRef> free_;
  std::multimap<std::uint64_t, AclRef> by_hash_;
  AclRef last_ = 0;  // acquired; the next one is often the same
};

}  // namespace muster::tree
