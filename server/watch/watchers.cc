#include "server/watch/watchers.h"

#include <algorithm>

#include "common/check.h"

namespace muster::watch {
namespace {

bool has_none(const Watcher& watcher) { return watcher.kinds() == 0; }

// Where among them the connection is or would have to be.
template <class Place>
Place place_of(Place begin, Place end, ConnId connection) {
  // A new watch is mostly a young connection's.
  if (begin == end || (end - 1)->connection() < connection) return end;
  return std::lower_bound(begin, end, connection, [](const Watcher& watcher, ConnId wanted) {
    return watcher.connection() < wanted;
  });
}

}  // namespace

Watchers::Watchers(const Watchers& other)
    : one_(other.one_), many_(other.many_ ? std::make_unique<std::vector<Watcher>>(*other.many_) : nullptr) {}

const Watcher* Watchers::find(ConnId connection) const {
  const Watcher* const found = place_of(begin(), end(), connection);
  return found != end() && found->connection() == connection ? found : nullptr;
}

Watcher* Watchers::find(ConnId connection) {
  Watcher* const found = place_of(begin(), end(), connection);
  return found != end() && found->connection() == connection ? found : nullptr;
}

Watcher& Watchers::find_or_add(ConnId connection) {
  CHECK(connection != 0 && connection >> 60 == 0, "a watcher is a connection");
  if (Watcher* found = find(connection)) return *found;
  if (empty()) return one_ = Watcher(connection);
  if (!many_) many_ = std::make_unique<std::vector<Watcher>>(1, one_);
  return *many_->insert(place_of(many_->begin(), many_->end(), connection), Watcher(connection));
}

void Watchers::sweep() {
  if (!many_) {
    if (has_none(one_)) one_ = {};
    return;
  }
  many_->erase(std::remove_if(many_->begin(), many_->end(), has_none), many_->end());
  if (many_->size() <= 1) {
    one_ = many_->empty() ? Watcher() : many_->front();
    many_.reset();
  } else if (many_->size() < many_->capacity() / 4) {
    many_->shrink_to_fit();
  }
}

}  // namespace muster::watch
