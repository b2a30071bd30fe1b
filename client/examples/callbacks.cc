// Callbacks: a hundred writes under way at once; they take effect in the order of the calls.      callbacks SERVERS PATH
#include <muster/client.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

constexpr int writes = 100;

void check(muster::error_code error) {
  if (!error) return;
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::exit(1);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  muster::ClientConfig config;
  config.servers = argv[1];
  boost::asio::io_context io;
  muster::Client client(io.get_executor(), config);
  const std::string path = argv[2];
  int in_order = 0;

  client.async_create(path, "", {}, [](muster::error_code error, const muster::Created&) { check(error); });
  for (int i = 1; i <= writes; ++i) {
    client.async_set(path, std::to_string(i), muster::any_version,
                     [i, &in_order](muster::error_code error, const muster::Stat& stat) {
                       check(error);
                       if (stat.version == i) ++in_order;
                     });
  }
  client.async_get(path, [&](muster::error_code error, const muster::Value& value) {
    check(error);
    std::printf("%d in order, the last wrote %s\n", in_order, value.data.c_str());
  });
  client.async_remove(path, muster::any_version, [&client](muster::error_code error) {
    check(error);
    client.close();
  });
  io.run();  // returns when the session is over
}
