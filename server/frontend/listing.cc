#include "server/frontend/listing.h"

#include <muster/path.h>

#include <utility>
#include <vector>

#include "common/check.h"

namespace muster::frontend {
namespace {

constexpr std::size_t memory_of_a_name = 80;  // besides its characters

}  // namespace

Listing::Listing(const tree::Tree& tree, std::string path, bool with_stat, Xid xid, std::string& out)
    : path_(std::move(path)), zxid_(tree.applied()) {
  stat_ = tree.stat(path_).value();
  size_ = {static_cast<std::size_t>(stat_.num_children), tree.bytes_of_children(path_), with_stat};
  wire::append_children_begin(out, xid, zxid_, size_);
}

void Listing::give(std::string_view name, std::string& out) {
  wire::append_child(out, name);
  ++given_;
}

void Listing::give_gone(std::string_view up_to, std::string& out) {
  while (!gone_.empty() && *gone_.begin() <= up_to) {
    give(*gone_.begin(), out);
    erase(gone_, *gone_.begin());
  }
}

void Listing::append(const tree::Tree& tree, std::size_t max, std::string& out) {
  const std::vector<std::string_view> names = tree.children_behind(path_, last_, max);
  for (const std::string_view name : names) {
    give_gone(name, out);
    if (!erase(born_, name)) give(name, out);
  }
  if (names.size() == max && given_ < size_.count) {
    last_ = names.back();
    return;
  }
  if (!gone_.empty()) give_gone(*gone_.rbegin(), out);
  CHECK(given_ == size_.count, "a listing gives as many names as it promised");
  if (size_.with_stat) wire::append_stat(out, stat_);
  whole_ = true;
}

void Listing::note(const tree::Change& change) {
  const bool created = change.kind == tree::ChangeKind::created;
  if (!created && change.kind != tree::ChangeKind::deleted) return;
  if (parent_of(change.path) != path_) return;
  const std::string_view name = name_of(change.path);
  if (name <= last_) return;
  if (created) return add(born_, name);
  if (!erase(born_, name)) add(gone_, name);
}

void Listing::add(Names& names, std::string_view name) {
  if (names.emplace(name).second) memory_ += name.size() + memory_of_a_name;
}

bool Listing::erase(Names& names, std::string_view name) {
  const auto found = names.find(name);
  if (found == names.end()) return false;
  memory_ -= found->size() + memory_of_a_name;
  names.erase(found);
  return true;
}

}  // namespace muster::frontend
