// What a user of the recipes follows, edits and is found by: caches, a configuration, a registry. In its process's coroutines;
// it is held by them.
//   cache          a state goes back, or shows half of a transaction; at the end a cache is not the tree
//   configuration  a view goes back or breaks a rule; the history has a hole, or is not what the edits were told
//   registry       an entry is lost though its session lives
#pragma once

#include <muster/recipes/configuration.h>
#include <muster/recipes/node_cache.h>
#include <muster/recipes/registry.h>
#include <muster/recipes/tree_cache.h>

#include <functional>
#include <memory>
#include <string>

#include "common/random.h"
#include "server/tree/tree.h"

namespace muster::simulation {

// The servers refuse it for now: no quorum of them has room.
[[nodiscard]] inline bool refuses_writes(const error_code& error) {
  return error == ErrorCode::operation_timeout;
}

// What all users together were told of their edits.
struct EditLedger {
  std::int64_t told = 0, in_doubt = 0;
  std::int64_t pairs = 0;  // for names that nobody has used
  // When all is quiet.
  void check_end(const tree::Tree& tree) const;
};

class RecipeFollower : public std::enable_shared_from_this<RecipeFollower> {
 public:
  RecipeFollower(const muster::Client& client, EditLedger& ledger, Random random, int index);

  // Ends when `silent` or with the session.
  [[nodiscard]] asio::awaitable<void> work(std::function<bool()> silent, std::int64_t think_ms);
  // Judges each state as it comes. They end with the session.
  [[nodiscard]] asio::awaitable<void> watch_board();
  [[nodiscard]] asio::awaitable<void> watch_configuration();
  // True of a session that is over.
  [[nodiscard]] bool shows(const tree::Tree& tree) const;

 private:
  asio::awaitable<void> step();
  asio::awaitable<void> change_pair();
  Transaction pair_change();
  asio::awaitable<void> edit();
  asio::awaitable<void> enter();
  asio::awaitable<void> watch_entry();

  muster::Client client_;
  EditLedger& ledger_;
  Random random_;
  int index_;
  recipes::TreeCache board_;
  recipes::NodeCache one_;
  recipes::Configuration configuration_;
  recipes::ServiceDirectory directory_;
  recipes::Registration entry_;
};

}  // namespace muster::simulation
