// What is to be measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster::bench {

enum class Workload : std::uint8_t { create, set, get, exists, mixed, ephemeral, multi, watch, sessions };

struct WorkloadName {
  std::string_view name;
  Workload workload;
  std::string_view what;  // for people
};
inline constexpr WorkloadName workloads[] = {
    {"create", Workload::create, "create sequential znodes"},
    {"set", Workload::set, "set the data of random keys"},
    {"get", Workload::get, "get the data of random keys"},
    {"exists", Workload::exists, "ask whether random keys exist"},
    {"mixed", Workload::mixed, "get, and set for the rest of --reads"},
    {"ephemeral", Workload::ephemeral, "create an ephemeral znode and delete it again"},
    {"multi", Workload::multi, "one transaction: check a key, set it, set it"},
    {"watch", Workload::watch,
     "each connection watches one znode: from its change until the last one hears of it"},
    {"sessions", Workload::sessions, "each connection opens a session and closes it again"},
};

struct Options {
  std::string servers;  // HOST[:PORT],…[/CHROOT]
  Workload workload = Workload::set;
  std::size_t connections = 10;
  std::size_t in_flight = 50;  // of each connection
  std::size_t size = 100;      // bytes of data of each znode
  std::size_t keys = 1000;
  double seconds = 5, warm_up = 1;
  double rate = 0;  // requests a second of all connections together; 0: each answer brings the next request
  int reads = 90;   // per cent; mixed only
  std::size_t threads = 1;
  bool keep = false;  // leave the znodes behind
  std::string json;   // a file; empty: none
};

}  // namespace muster::bench
