// Without Asio: adds one to a counter that others count with, too.      blocking SERVERS PATH
#include <muster/blocking_client.h>

#include <chrono>
#include <cstdio>
#include <string>

// The value that we counted to.
int count(const muster::BlockingClient& client, const std::string& path) {
  for (;;) {
    const muster::Value value = client.get(path).value();
    const int next = std::stoi(value.data) + 1;
    const auto set = client.set(path, std::to_string(next), value.stat.version);
    if (set) return next;
    if (set.error() != muster::ErrorCode::bad_version) throw boost::system::system_error(set.error(), path);
    // Somebody else was faster: once more.
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  muster::ClientConfig config;
  config.servers = argv[1];
  try {
    const auto client = muster::BlockingClient(config).with_timeout(std::chrono::seconds(30));
    const auto created = client.create(argv[2], "0");
    if (!created && created.error() != muster::ErrorCode::node_exists) (void)created.value();
    std::printf("%d\n", count(client, argv[2]));
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return 1;
  }
}
