// What a server starts from, out of its log and its store of checkpoints.
#pragma once

#include <functional>
#include <string>

#include "server/node/node.h"
#include "server/storage/durable.h"
#include "server/storage/state_store.h"

namespace muster::data {

// Makes log and store fit to each other: a log that is behind the state is reset to it; a state that is damaged, or of no use to the
// log, is thrown away, and `report` is told so in one sentence. `path` is for that sentence. `state_at_least`: of the identity file. Reads the whole checkpoint. `read` of
// the answer reads the log, as long as `durable` lives. Throws storage::Damaged, as Durable::settle does, and storage::DiskError.
[[nodiscard]] node::StartState start_state(storage::Durable& durable, storage::StateStore& store,
                                           Zxid state_at_least, const std::string& path,
                                           const std::function<void(const std::string&)>& report);

}  // namespace muster::data
