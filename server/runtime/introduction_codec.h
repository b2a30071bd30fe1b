// The bytes of Introduction: a PeerMessage of proto/peer.proto, without a length.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "server/runtime/introduction.h"

namespace muster::runtime {

[[nodiscard]] std::string encode(const Introduction& introduction);
[[nodiscard]] Result<Introduction> decode_introduction(std::string_view bytes);

}  // namespace muster::runtime
