// What outlives its caller: removals that nobody waits for, of objects that are destroyed.
#pragma once

#include <muster/client.h>

#include <functional>
#include <string>
#include <utility>

namespace muster::recipes {

// True of an error after which the same request may be made again: what it did, or did not, is then seen.
[[nodiscard]] bool may_ask_again(const error_code& error);

// True of a write that the servers refuse for now: no quorum of them has room on its disk.
[[nodiscard]] inline bool is_refused_for_now(const error_code& error) {
  return error == ErrorCode::operation_timeout;
}
// Asks again after a while, if the session lives then. Of a client that has no time-out of its own.
void ask_later(const Client& client, std::function<void()> ask);

// Removes the node, across broken connections, for as long as the session lives; keeps the session until then. May be
// called where nothing can be thrown or awaited, also while the client's context is going.
void remove_in_background(const Client& client, const std::string& path) noexcept;

// The same of a node whose name others may use again: looks whose it is before each removal, so that one whose answer was lost and
// that is made again takes nothing away from the next. `is_ours` judges what stands there.
using IsOurs = std::function<bool(const Value&)>;
void remove_ours_in_background(const Client& client, const std::string& path, IsOurs is_ours) noexcept;
// An ephemeral node of this session.
[[nodiscard]] IsOurs of_session(const Client& client);

// Undoes something in the background when it goes out of scope before it is finished: by an error or by cancellation. The
// client that it is undone with has no time-out. (When the session is over, there is nothing to undo.)
class Unfinished {
 public:
  using Undo = std::function<void(const Client&)>;

  Unfinished(Client client, Undo undo) : client_(std::move(client)), undo_(std::move(undo)) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (undo_ && !is_over(client_.state())) undo_(client_.with_timeout(std::chrono::milliseconds(0)));
  }
  void finish() { undo_ = nullptr; }

 private:
  Client client_;
  Undo undo_;
};
// One whose undoing is the removal of a node.
[[nodiscard]] inline Unfinished unfinished_node(Client client, const std::string& path) {
  return {std::move(client), [path](const Client& again) { remove_in_background(again, path); }};
}

}  // namespace muster::recipes
