#include "tests/client_suite/suite.h"

#include <boost/asio/ip/tcp.hpp>
#include <cstdlib>
#include <sstream>
#include <thread>

namespace muster::suite {
namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error("run this by: python3 -m client_suite.run");
  return value;
}

}  // namespace

bool on_muster() { return setting("MUSTER_SUITE_KIND") == "muster"; }

std::string order(const std::string& words) {
  static boost::asio::ip::tcp::iostream control("127.0.0.1", setting("MUSTER_SUITE_CONTROL"));
  control << words << std::endl;
  std::string answer;
  if (!std::getline(control, answer)) throw std::runtime_error("run.py does not obey: " + words);
  return answer;
}

void cut_all() {
  for (int n = 1; n <= 3; ++n) order("cut " + std::to_string(n));
}
void pass_all() {
  for (int n = 1; n <= 3; ++n) order("pass " + std::to_string(n));
}

std::vector<int> connected_servers() {
  std::istringstream counts(order("connections"));
  std::vector<int> servers;
  int count = 0;
  for (int number = 1; counts >> count; ++number) {
    if (count > 0) servers.push_back(number);
  }
  return servers;
}

int connected_server() {
  std::vector<int> servers;
  eventually("one server is connected", [&] { return (servers = connected_servers()).size() == 1; });
  return servers.front();
}

std::string direct_servers() { return setting("MUSTER_SUITE_SERVERS"); }

std::string server(int number) {
  std::istringstream all(setting("MUSTER_SUITE_PROXIES"));
  std::string one;
  while (number-- > 0) std::getline(all, one, ',');
  return one;
}

void eventually(const std::string& what, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + long_time;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("not in a minute: " << what);
    std::this_thread::sleep_for(5ms);
  }
}

ClientConfig Case::config(std::chrono::milliseconds session_timeout) {
  ClientConfig config;
  config.servers = setting("MUSTER_SUITE_PROXIES");
  config.session_timeout = session_timeout;
  config.connect_timeout = long_time;
  return config;
}

BlockingClient Case::connected(const ClientConfig& config) {
  BlockingClient client(config);
  good(client.connected());
  return client.with_timeout(long_time);
}

namespace {

BlockingClient undisturbed() {
  order("fresh");
  ClientConfig config = Case::config();
  config.servers = direct_servers();
  return BlockingClient(config).with_timeout(long_time);
}

}  // namespace

Case::Case() : other(undisturbed()) { base = good(other.create("/case-", "", CreateMode::sequential)).path; }

}  // namespace muster::suite
