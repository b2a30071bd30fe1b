// Instances of a service, and who looks for them.      registry SERVERS PATH [ADDRESS]
// With an address: is that instance, until it dies. Without: prints the instances, and again when they change.
#include <muster/blocking_client.h>

#include <chrono>
#include <cstdio>
#include <string>

// The entry lasts as long as the session: a dead instance vanishes by itself.
void serve(const muster::BlockingClient& client, const std::string& path, const std::string& address) {
  client.create(path + "/" + address, "", muster::CreateMode::ephemeral).value();
  std::printf("%s serves\n", address.c_str());
  const muster::BlockingSessionEvents events = client.session_events();
  while (!is_over(events.next().value())) {
  }
}

void look(const muster::BlockingClient& client, const std::string& path) {
  for (;;) {
    const auto [children, watch] = client.children_and_watch(path).value();
    std::string line = "instances:";
    for (const std::string& name : children.names) line += " " + name;
    std::printf("%s\n", line.c_str());
    watch.next().value();
  }
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  muster::ClientConfig config;
  config.servers = argv[1];
  config.session_timeout = std::chrono::seconds(4);
  const muster::BlockingClient client(config);
  try {
    argc > 3 ? serve(client, argv[2], argv[3]) : look(client, argv[2]);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
