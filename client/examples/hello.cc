// A node is made, read and removed.      hello [SERVERS]
#include <muster/blocking_client.h>

#include <cstdio>

int main(int argc, char** argv) {
  muster::ClientConfig config;
  if (argc > 1) config.servers = argv[1];
  muster::BlockingClient client(config);
  if (const auto connected = client.connected(); !connected) {
    std::fprintf(stderr, "%s: %s\n", config.servers.c_str(), connected.error().message().c_str());
    return 1;
  }
  const auto created = client.create("/hello", "world");
  if (!created && created.error() != muster::ErrorCode::node_exists) {
    std::fprintf(stderr, "/hello: %s\n", created.error().message().c_str());
    return 1;
  }
  std::printf("hello %s\n", client.get("/hello").value().data.c_str());  // value() throws what went wrong
  client.remove("/hello").value();
}
