// What one connection's watches owe it.
//   watch-order   an event comes before any reply whose zxid is not below the change's
//   watch-event   an event belongs to a watch that was set and not used up, and to a change that happened at
//   its zxid
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/events.h"
#include "tests/simulation/checks/model.h"

namespace muster::simulation {

class ClientWatches {
 public:
  enum class Kind { data, child };

  // A read with a watch was answered with `zxid`.
  void armed(const std::string& path, Kind kind, Zxid zxid);
  void on_event(const Model& model, const wire::WatcherEvent& event, Zxid zxid);
  // A reply that shows the state at `zxid`: nothing may be owed.
  void on_reply(const Model& model, Zxid zxid);
  void clear() { since_.clear(); }
  [[nodiscard]] std::size_t size() const { return since_.size(); }

 private:
  // What is watched, and up to which zxid nothing was owed.
  std::map<std::pair<std::string, Kind>, Zxid> since_;
};

}  // namespace muster::simulation
