// A number that many processes change.
//
//   muster::recipes::Counter done(client, "/jobs/done");
//   const std::int64_t now = co_await done.add(1);
//
// Its node's data are the number in decimal, as kazoo's Counter writes it.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <string>

namespace muster::recipes {

class Once;

// Each add() is done exactly once, whatever happens to the connection, also where the servers do not remember the outcomes
// of writes (ZooKeeper): an ephemeral child of the node counts what this object has done, in the same transaction. Objects
// are for one strand; several calls may be under way at once. Destroying one ends no call.
class Counter {
 public:
  // The node and its parents are made by the first add().
  Counter(Client client, std::string path);
  Counter(Counter&&) noexcept;
  Counter& operator=(Counter&&) noexcept;
  ~Counter();

  // Linearizable; 0 if there is no node. Errors: marshalling_error (the data are no number).
  [[nodiscard]] asio::awaitable<std::int64_t> get() const;
  // The sum. Throws what is_outcome_unknown() is true of only if the session ended, or the call timed out or was
  // cancelled: then it may have been done, once. Errors: marshalling_error; bad_arguments (the sum needs more than 64 bits).
  [[nodiscard]] asio::awaitable<std::int64_t> add(std::int64_t delta);

 private:
  Client client_;
  std::string path_;
  std::shared_ptr<Once> once_;
};

}  // namespace muster::recipes
