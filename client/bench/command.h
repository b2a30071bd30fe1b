// muster bench: the words of the command line.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace muster::bench {

// Adds the subcommand. `servers` is read when it runs.
void add_command(CLI::App& app, const std::string& servers);

}  // namespace muster::bench
