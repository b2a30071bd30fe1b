#include "client/src/connect_string.h"

#include <muster/path.h>

#include <algorithm>

namespace muster::client {
namespace {

bool is_port(std::string_view text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && !text.empty() && text.size() <= 5 && std::stoi(std::string(text)) <= 65'535;
}

Result<Host> parse_host(std::string_view text) {
  const Error malformed{"'" + std::string(text) +
                        "' is not a server; write HOST:PORT, or [ADDRESS]:PORT for IPv6"};
  Host host;
  std::string_view rest;
  if (text.substr(0, 1) == "[") {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return malformed;
    host.name = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host.name = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (host.name.empty()) return malformed;
  if (rest.empty()) return host;
  if (rest.front() != ':' || !is_port(rest.substr(1))) return malformed;
  host.port = rest.substr(1);
  return host;
}

}  // namespace

std::string to_string(const Host& host) {
  const bool brackets = host.name.find(':') != std::string::npos;
  return (brackets ? "[" + host.name + "]" : host.name) + ":" + host.port;
}

Result<ConnectString> parse_connect_string(std::string_view text) {
  ConnectString result;
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    result.chroot = text.substr(slash);
    const std::string_view why = why_invalid(result.chroot);
    if (!why.empty()) return Error{"the path " + result.chroot + " behind the servers " + std::string(why)};
    if (result.chroot == "/") result.chroot.clear();
    text = text.substr(0, slash);
  }
  for (;;) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const Result<Host> host = parse_host(text.substr(0, comma));
    if (!host) return host.error();
    result.hosts.push_back(*host);
    if (comma == text.size()) return result;
    text = text.substr(comma + 1);
  }
}

}  // namespace muster::client
