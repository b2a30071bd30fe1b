// Clients on a machine that is played. No part of the public interface.
#pragma once

#include <muster/client.h>

#include <memory>

#include "client/src/platform.h"

namespace muster::client {

struct Testing {
  // As Client's constructor.
  [[nodiscard]] static Client make_client(asio::any_io_executor executor, const ClientConfig& config,
                                          std::shared_ptr<Platform> platform);
};

}  // namespace muster::client
