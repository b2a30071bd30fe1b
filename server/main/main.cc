#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "server/config/config.h"
#include "server/runtime/logging.h"
#include "server/runtime/server.h"
#include "server/runtime/work_thread.h"
#include "server/storage/file_system.h"

namespace {

using namespace muster;

constexpr int kRefused = 2;  // the configuration, the data directory or a port is not for this server

struct Arguments {
  std::string config_file;
  std::string check_file;
  bool found = false;
};

int refuse(const config::Loaded& loaded) {
  for (const auto& problem : loaded.problems) std::fprintf(stderr, "%s\n", problem.c_str());
  return kRefused;
}

int serve(const Arguments& arguments) {
  const auto loaded = config::load(arguments.config_file);
  if (!loaded.problems.empty()) return refuse(loaded);
  log::start(loaded.config.log_level, loaded.config.log_format, loaded.config.server_id);
  try {
    runtime::ServerOptions options;
    options.found = arguments.found;
    runtime::Server server(loaded.config, options);
    server.stop_on_signals();
    server.run();
    // Everything is closed and on disk. A thread of the resolver may still wait for a name server, and nobody
    // waits for it.
    ::_exit(0);
  } catch (const runtime::StartError& error) {
    log::error(error.what());
    return kRefused;
  } catch (const storage::DiskError& error) {
    runtime::die_of_disk(error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Muster's server: a coordination service that every ZooKeeper client can use. config/server.yaml "
      "explains the options."};
  Arguments arguments;
  app.add_option("--config", arguments.config_file,
                 "the configuration; without it, it is all in MUSTER_… variables");
  auto* check = app.add_option("--check", arguments.check_file, "only check this configuration");
  app.add_flag(
      "--found", arguments.found,
      "found a new ensemble as soon as a majority of empty servers is there; never after data was lost");
  app.set_version_flag("--version", "musterd " MUSTER_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kRefused;
  }
  try {
    if (check->count() == 0) return serve(arguments);
    const auto loaded = config::load(arguments.check_file);
    return loaded.problems.empty() ? 0 : refuse(loaded);
  } catch (const std::exception& error) {
    log::error(error.what());
    return 1;
  }
}
