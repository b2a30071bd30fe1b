// What one connection's watches owe it.
//   watch-order    an event comes before any reply whose zxid is not below the change's; a persistent watch's
//   events all come, in order watch-event    an event belongs to a watch that was set and not used up, and to
//   a change that happened at its zxid watch-caught   watches set again on another connection tell exactly
//   what was missed in between
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/events.h"
#include "common/wire/requests.h"
#include "tests/simulation/checks/model.h"

namespace muster::simulation {

class ClientWatches {
 public:
  enum class Kind { data, child };

  // A read with a watch was answered with `zxid`.
  void armed(const std::string& path, Kind kind, Zxid zxid);
  // addWatch was answered.
  void armed_persistent(const std::string& path, Zxid zxid);
  void on_event(const Model& model, const wire::WatcherEvent& event, Zxid zxid);
  // A reply that shows the state at `zxid`: nothing may be owed.
  void on_reply(const Model& model, Zxid zxid);
  void clear();
  // All that has not fired is to be set again on the next connection.
  void connection_lost();
  [[nodiscard]] std::size_t size() const { return since_.size(); }
  [[nodiscard]] std::size_t persistent() const { return persistent_.size() + persistent_again_.size(); }

  // On a new connection, before anything else is asked: what to send; then on_event takes the catch-up, and
  // on_reset the reply.
  [[nodiscard]] wire::SetWatchesRequest begin_reset(const Model& model, Zxid seen);
  void on_reset(const Model& model, Zxid zxid);

 private:
  using Watched = std::pair<std::string, Kind>;

  void on_caught(const wire::WatcherEvent& event);
  [[nodiscard]] bool take_persistent(const Model& model, const wire::WatcherEvent& event, Zxid zxid);

  // What is watched, and up to which zxid nothing was owed.
  std::map<Watched, Zxid> since_;
  struct Persistent {
    Zxid since;
    std::size_t taken = 0;  // events after that
  };
  std::map<std::string, Persistent> persistent_;
  std::set<std::string> persistent_again_;  // of a lost connection: what happened since is not told
  // Being set again: each with whether it watched a node that was there.
  std::map<Watched, bool> resetting_;
  std::multimap<std::string, wire::EventType> caught_;
  Zxid reset_from_;
};

}  // namespace muster::simulation
