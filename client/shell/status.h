// How the servers are, asked of each of them.
#pragma once

#include <string>

namespace muster::shell {

// One line for each server. Complains if none answers, or none of them leads.
void status(const std::string& servers);

}  // namespace muster::shell
