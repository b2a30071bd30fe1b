// What the operator's words tell of the machine and the process.
#pragma once

#include <string>

#include "server/config/config.h"
#include "server/node/node.h"

namespace muster::runtime {

// What does not change while the server runs.
[[nodiscard]] node::Facts host_facts(const config::Config& config);
// Looks at files: on the disk thread only. What cannot be found out is -1.
[[nodiscard]] node::Measured measure_host(const std::string& data_dir);

}  // namespace muster::runtime
