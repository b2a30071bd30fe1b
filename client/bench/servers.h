// The addresses of the servers in a connect string.
#pragma once

#include <sys/socket.h>

#include <vector>

#include "client/src/connect_string.h"

namespace muster::bench {

// One for each. Throws std::runtime_error if a name has no address.
[[nodiscard]] std::vector<sockaddr_storage> addresses_of(const client::ConnectString& where);

}  // namespace muster::bench
