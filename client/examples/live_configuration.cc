// A program that follows its configuration while it runs.      live_configuration SERVERS PATH [KEY=VALUE…]
// With values: sets them, all at once, and ends.
#include <muster/recipes/configuration.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace recipes = muster::recipes;

const recipes::Setting<std::string> greeting{"greeting", "hello"};
const recipes::Setting<int> workers{"workers", 4, [](int n) { return n > 0 ? "" : "must be above 0"; }};

recipes::ConfigurationOptions options() {
  recipes::ConfigurationOptions all;
  all.who = "live_configuration";
  all.rules = {greeting, workers};
  return all;
}

// What breaks a rule is never seen here. Several changes in a row may be seen as one: what counts is the latest.
asio::awaitable<void> follow(muster::Client client, std::string path) {
  const recipes::Configuration config(client, path, options());
  recipes::ConfigView view = co_await config.newer();
  for (;;) {
    std::printf("%d workers say %s\n", view[workers], view[greeting].c_str());
    view = co_await config.newer(view.revision());
  }
}

asio::awaitable<void> set(muster::Client client, std::string path, std::vector<std::string> pairs) {
  const recipes::Configuration config(client, path, options());
  recipes::Edit edit("by hand");
  for (const std::string& pair : pairs) {
    const std::size_t sign = pair.find('=');
    if (sign == std::string::npos) throw std::invalid_argument(pair + ": expected KEY=VALUE");
    edit.set(pair.substr(0, sign), pair.substr(sign + 1));
  }
  const recipes::ConfigView view = co_await config.newer();
  const recipes::ConfigChange change = co_await config.edit(view, edit);
  std::printf("change %ld\n", static_cast<long>(change.number));
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  asio::io_context io;
  const muster::Client client(io.get_executor(), config);
  const std::vector<std::string> pairs(argv + 3, argv + argc);
  asio::co_spawn(io, pairs.empty() ? follow(client, argv[2]) : set(client, argv[2], pairs),
                 [&](std::exception_ptr failed) {
                   client.close();
                   if (failed) std::rethrow_exception(failed);
                 });
  try {
    io.run();
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
