#include "server/storage/state_desk.h"

#include "common/check.h"

namespace muster::storage {

std::string StateDesk::open(std::uint64_t id) {
  if (!store_.current()) return {};
  return views_.insert_or_assign(id, store_.view()).first->second->meta();
}

std::vector<tree::Record> StateDesk::next(std::uint64_t id, std::size_t max_bytes) {
  const auto view = views_.find(id);
  return view == views_.end() ? std::vector<tree::Record>() : view->second->next(max_bytes);
}

void StateDesk::begin() {
  installer_.reset();
  installer_ = store_.install();
}

void StateDesk::finish(std::uint64_t number, const std::string& meta) {
  CHECK(installer_ != nullptr, "a state is begun before it is finished");
  views_.clear();
  installer_->finish(number, meta);
  installer_.reset();
}

}  // namespace muster::storage
