// The gets of get_load.h through ZooKeeper's own C library, libzookeeper_mt.
#include <zookeeper/zookeeper.h>

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "tests/bench/get_load.h"

namespace muster::bench {
namespace {

// Waited for by the main thread: how many connections have come to the end of their gets.
class Finish {
 public:
  void one_more() {
    const std::lock_guard lock(mutex_);
    ++finished_;
    changed_.notify_one();
  }
  void wait_for(int connections) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return finished_ == connections; });
    finished_ = 0;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int finished_ = 0;
};

// Once it is connected, only its completion thread touches it.
class Connection {
 public:
  Connection(const GetLoad& load, Finish& finish) : load_(load), finish_(finish) {
    handle_ = zookeeper_init(load.servers.c_str(), on_event, 30'000, nullptr, this, 0);
    if (handle_ == nullptr) give_up("zookeeper_init failed");
  }
  ~Connection() { zookeeper_close(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin(std::int64_t gets) {
    to_send_ = gets - load_.window;
    to_hear_ = gets;
    for (int i = 0; i < load_.window; ++i) get();
  }

 private:
  static void on_event(zhandle_t* /*handle*/, int type, int state, const char* /*path*/, void* self) {
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE)
      static_cast<Connection*>(self)->finish_.one_more();
  }
  static void on_value(int code, const char* /*value*/, int /*size*/, const Stat* /*stat*/,
                       const void* self) {
    if (code != ZOK) give_up("a get failed with " + std::to_string(code));
    static_cast<Connection*>(const_cast<void*>(self))->answered();
  }
  void answered() {
    if (to_send_ > 0) {
      --to_send_;
      get();
    }
    if (--to_hear_ == 0) finish_.one_more();
  }
  void get() {
    if (zoo_aget(handle_, load_.path.c_str(), 0, on_value, this) != ZOK) give_up("zoo_aget failed");
  }

  const GetLoad& load_;
  Finish& finish_;
  std::int64_t to_send_ = 0, to_hear_ = 0;
  zhandle_t* handle_ = nullptr;
};

void run(const GetLoad& load) {
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  Finish finish;
  std::vector<std::unique_ptr<Connection>> connections;
  for (int i = 0; i < load.connections; ++i)
    connections.push_back(std::make_unique<Connection>(load, finish));
  finish.wait_for(load.connections);
  const auto get_all = [&](std::int64_t gets) {
    for (const auto& connection : connections) connection->begin(gets);
    finish.wait_for(load.connections);
  };
  get_all(load.warm_up_each);
  const Meter meter;
  get_all(load.gets_each);
  meter.report(load);
}

}  // namespace
}  // namespace muster::bench

int main(int argc, char** argv) { muster::bench::run(muster::bench::get_load_of(argc, argv)); }
