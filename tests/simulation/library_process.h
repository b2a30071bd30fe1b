// A process that uses the whole client library: its time, chance, timers and sockets are the simulation's. It can be frozen
// (nothing in it runs, while its timers become due and its sockets fill), and cut off.
#pragma once

#include <muster/client.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "client/src/platform.h"
#include "common/random.h"
#include "tests/simulation/sim.h"
#include "tests/simulation/sockets.h"

namespace muster::simulation {

class LibraryProcess {
 public:
  LibraryProcess(Loop& loop, Sockets& sockets, Random random, const ClientConfig& config);
  LibraryProcess(const LibraryProcess&) = delete;
  LibraryProcess& operator=(const LibraryProcess&) = delete;
  ~LibraryProcess();  // it is killed

  [[nodiscard]] const muster::Client& client() const { return *client_; }
  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] bool frozen() const { return frozen_; }
  void freeze() { frozen_ = true; }
  void thaw();
  void cut_until(std::int64_t time_us);  // its connection is lost, and there is no new one before that
  void pump();                           // runs all that can run

 private:
  class Machine;
  class SimTimer;
  class SimLink;

  // Runs it now, or when the process runs again. Nothing is run once the process is gone.
  void happen(std::function<void()> event);

  Loop& loop_;
  Sockets& sockets_;
  Random random_;
  bool frozen_ = false, pumping_ = false;
  std::int64_t cut_until_us_ = 0;
  std::vector<std::function<void()>> missed_;  // while it was frozen
  SimLink* link_ = nullptr;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>();
  asio::io_context io_;
  std::optional<muster::Client> client_;
};

}  // namespace muster::simulation
