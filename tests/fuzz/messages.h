// What a server may say to another, chosen by a fuzzer's bytes: well-formed, near the truth, and seldom true.
#pragma once

#include "server/node/node.h"
#include "tests/fuzz/input.h"

namespace muster::fuzz {

// `to`: the server that will hear it; its numbers are those that are interesting.
node::PeerMessage message(Input& input, const node::Node& to);

}  // namespace muster::fuzz
