// Well-formed requests, chosen by a fuzzer's bytes: most about the same few znodes, so that they meet.
#pragma once

#include <string>

#include "common/wire/requests.h"
#include "server/tree/command.h"
#include "tests/fuzz/input.h"

namespace muster::fuzz {

std::string path(Input& input);
wire::Request request(Input& input);
// What an entry of the log may hold, also what no client may ask for.
tree::Operation operation(Input& input);

}  // namespace muster::fuzz
