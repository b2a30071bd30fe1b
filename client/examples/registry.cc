// Instances of a service, and who looks for them.      registry SERVERS PATH NAME [ID ADDRESS PORT [ZONE]]
// With an address: is that instance, until it dies or another process of that ID takes over. Without: prints the instances,
// and again when they change.
#include <muster/recipes/registry.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <string>

namespace asio = boost::asio;
namespace recipes = muster::recipes;

// The entry lasts as long as the session: a dead instance vanishes by itself.
asio::awaitable<void> serve(muster::Client client, std::string path, recipes::ServiceInstance instance) {
  const recipes::Registration entry = co_await recipes::Registration::enter(client, path, instance);
  std::printf("%s serves\n", instance.id.c_str());
  switch (co_await entry.lost()) {
    case recipes::Registration::Loss::taken_over:
      std::printf("another one is %s now\n", instance.id.c_str());
      break;
    case recipes::Registration::Loss::removed:
      std::printf("somebody has removed the entry\n");
      break;
    case recipes::Registration::Loss::session_over:
      std::printf("the session is over\n");
      break;
  }
}

std::string zone_of(const recipes::ServiceInstance& instance) {
  const auto zone = instance.attributes.find("zone");
  return zone == instance.attributes.end() ? "" : "(" + zone->second + ")";
}

asio::awaitable<void> look(muster::Client client, std::string path, std::string name) {
  const recipes::ServiceDirectory directory(client, path, name);
  auto instances = co_await directory.newer();
  for (;;) {
    std::string line = "instances:";
    for (const recipes::ServiceInstance& instance : instances->all)
      line += " " + instance.id + "=" + instance.address + ":" + std::to_string(instance.port.value_or(0)) +
              zone_of(instance);
    std::printf("%s\n", line.c_str());
    instances = co_await directory.newer(instances->revision);
  }
}

asio::awaitable<void> run(muster::Client client, int argc, char** argv) {
  if (argc == 4) co_return co_await look(client, argv[2], argv[3]);
  recipes::ServiceInstance instance(argv[3], argv[4], argv[5], std::stoi(argv[6]));
  if (argc > 7) instance.attributes["zone"] = argv[7];
  co_await serve(client, argv[2], instance);
}

int main(int argc, char** argv) {
  if (argc != 4 && argc != 7 && argc != 8) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  config.session_timeout = std::chrono::seconds(4);
  asio::io_context io;
  const muster::Client client(io.get_executor(), config);
  asio::co_spawn(io, run(client, argc, argv), [&](std::exception_ptr failed) {
    client.close();
    if (failed) std::rethrow_exception(failed);
  });
  io.run();
}
