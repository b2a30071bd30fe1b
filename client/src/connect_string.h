// Where the servers are: HOST[:PORT][,HOST[:PORT]…][/CHROOT], as all ZooKeeper clients write it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace muster::client {

struct Host {
  std::string name;  // a name or an address, without brackets
  std::string port = "2181";
  friend bool operator==(const Host&, const Host&) = default;
};

// "name:port", with brackets where the name has colons.
[[nodiscard]] std::string to_string(const Host& host);

struct ConnectString {
  std::vector<Host> hosts;  // at least one
  std::string chroot;       // "" or "/…": stands in front of every path
};

[[nodiscard]] Result<ConnectString> parse_connect_string(std::string_view text);

}  // namespace muster::client
