// The gets of get_load.h through muster::Client: callbacks, one thread for all connections.
#include <muster/client.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "tests/bench/get_load.h"

namespace muster::bench {
namespace {

class Connection {
 public:
  Connection(asio::io_context& io, const GetLoad& load, int& open)
      : load_(load), open_(open), client_(io.get_executor(), config_of(load)) {
    client_.async_connected([this](error_code error) {
      if (error) give_up("can't connect: " + error.message());
      --open_;
    });
  }

  void begin(std::int64_t gets) {
    to_send_ = gets - load_.window;
    to_hear_ = gets;
    for (int i = 0; i < load_.window; ++i) get();
  }

 private:
  static ClientConfig config_of(const GetLoad& load) {
    ClientConfig config;
    config.servers = load.servers;
    config.session_timeout = std::chrono::seconds(30);
    return config;
  }
  void get() {
    client_.async_get(load_.path, [this](error_code error, const Value& /*value*/) {
      if (error) give_up("a get failed: " + error.message());
      if (to_send_ > 0) {
        --to_send_;
        get();
      }
      if (--to_hear_ == 0) --open_;
    });
  }

  const GetLoad& load_;
  int& open_;
  Client client_;
  std::int64_t to_send_ = 0, to_hear_ = 0;
};

void run(const GetLoad& load) {
  asio::io_context io(1);
  const auto work = asio::make_work_guard(io);
  int open = load.connections;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < load.connections; ++i)
    connections.push_back(std::make_unique<Connection>(io, load, open));
  while (open > 0) io.run_one();
  const auto get_all = [&](std::int64_t gets) {
    open = load.connections;
    for (const auto& connection : connections) connection->begin(gets);
    while (open > 0) io.run_one();
  };
  get_all(load.warm_up_each);
  const Meter meter;
  get_all(load.gets_each);
  meter.report(load);
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) { muster::bench::run(muster::bench::get_load_of(argc, argv)); }
