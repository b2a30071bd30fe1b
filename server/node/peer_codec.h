// The only file that knows both the servers' messages and their bytes (proto/peer.proto).
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "server/node/node.h"

namespace muster::node {

// One PeerMessage of proto/peer.proto, without a length. Appended to `out`.
void append_encoded(std::string& out, const PeerMessage& message);
[[nodiscard]] Result<PeerMessage> decode_peer_message(std::string_view bytes);

}  // namespace muster::node
