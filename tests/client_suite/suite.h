// What the cases share: the ensemble that run.py has started, and orders to it.
#pragma once

#include <muster/blocking_client.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace muster::suite {

using namespace std::chrono_literals;

// Nothing waits so long when all is well.
inline constexpr std::chrono::milliseconds long_time = 60s;

// The differences between Muster and ZooKeeper 3.8 that a user of the library sees, all of them:
[[nodiscard]] bool on_muster();
// A write whose answer was lost is sent again and done once; else it fails with connection_loss.
inline bool exactly_once() { return on_muster(); }
// (Servers without a quorum that answer reads are ZooKeeper's alone, for local sessions; the unit tests tell that story.)
// A path may have a persistent and a recursive watch of one session; else the later one replaces the other.
inline bool keeps_both_modes() { return on_muster(); }
// A read after a sync shows every write that was over before. ZooKeeper's does nearly always: about one of a thousand on a busy machine
// showed the state before.
inline bool sync_is_confirmed() { return on_muster(); }

// Gives run.py an order and returns its answer.
std::string order(const std::string& words);
void cut_all();
void pass_all();
// The numbers of the servers that someone is connected to through the proxies.
std::vector<int> connected_servers();
// The one server that the case's only client is connected to.
int connected_server();

std::string direct_servers();    // not through the proxies: never cut off
std::string server(int number);  // through its proxy

void eventually(const std::string& what, const std::function<bool()>& holds);

// Everything runs and passes; a directory for the case; a client that no proxy cuts off.
class Case {
 public:
  Case();
  [[nodiscard]] static ClientConfig config(std::chrono::milliseconds session_timeout = 10s);
  // A client behind the proxies that is connected.
  [[nodiscard]] static BlockingClient connected(const ClientConfig& config = Case::config());

  BlockingClient other;
  std::string base;  // "/case-0000000007"
};

// The answer's value; fails the case with its error.
template <class T>
T good(Answer<T> answer) {
  if (!answer) FAIL("failed: " << answer.error().message());
  if constexpr (!std::is_void_v<T>) return std::move(*answer);
}

}  // namespace muster::suite
