// Transactions that are done exactly once, also where the servers do not remember the outcome of one whose answer was lost
// (ZooKeeper): each also raises the version of an ephemeral node of ours, a mark, which tells afterwards whether it was done.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::recipes {

class Once {
 public:
  // Marks are children of `directory`, which must exist when something is done.
  Once(Client client, std::string directory);
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;
  ~Once();  // removes the marks in the background

  // Throws the error of the operation that failed, and what ends the session. Nothing: it was done, and its results were
  // lost with the answer. The results' keys are those of `changes`.
  [[nodiscard]] asio::awaitable<std::optional<TransactionResult>> commit(Transaction changes);

 private:
  struct Mark {
    std::string path;
    std::int32_t version = 0;
  };
  [[nodiscard]] asio::awaitable<Mark> take_mark();

  Client client_;
  std::string directory_;
  std::vector<Mark> idle_;  // those of no call; one whose call failed is removed, its version being in doubt
};

}  // namespace muster::recipes
