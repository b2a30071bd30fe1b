#include "server/data/start_state.h"

#include <catch2/catch.hpp>

#include "server/node/start.h"
#include "tests/support/memory_store.h"
#include "tests/support/sim_file_system.h"

namespace muster::data {

TEST_CASE("who has neither log nor state, and may not use every state, says which it needs") {
  storage::SimFileSystem files;
  storage::DurableOptions options;
  options.nonce = [] { return std::uint64_t{7}; };
  options.repair = true;
  storage::Durable durable(files, "/data", std::move(options));
  storage::MemoryStore store;
  const auto start = [&](Zxid state_at_least) {
    return start_state(durable, store, state_at_least, "/data", [](const std::string&) {});
  };
  const broadcast::Recovered choosy = node::replay(start(Zxid{70})).recovered;
  CHECK(choosy.stateless);
  CHECK(choosy.state_at_least == Zxid{70});
  CHECK_FALSE(choosy.hard_state.qualified);
  CHECK_FALSE(node::replay(start(Zxid{})).recovered.stateless);
}

}  // namespace muster::data
