#include "server/config/config.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace muster::config {
namespace {

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
  });
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  const auto bad = [&](const char* why) { return Error{"\"" + std::string(text) + "\" " + why}; };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("is not HOST:PORT");
  Endpoint endpoint;
  endpoint.host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
    return bad("has no port from 1 to 65535 behind the last colon");
  }
  auto& host = endpoint.host;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (!is_ipv6(host)) return bad("has no IPv6 address between its brackets");
  } else if (is_ipv6(host)) {
    return bad("is ambiguous: write an IPv6 address as [ADDRESS]:PORT");
  } else if (!is_name(host)) {
    return bad("has no valid host before the colon");
  }
  return endpoint;
}

std::string to_string(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  return (brackets ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

bool is_literal_address(const std::string& host) { return is_ipv4(host) || is_ipv6(host); }

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || (is_ipv4(host) && host.rfind("127.", 0) == 0);
}

const Server* Config::find(ServerId id) const {
  for (const auto& server : servers) {
    if (server.id == id) return &server;
  }
  return nullptr;
}

broadcast::Membership Config::membership() const {
  broadcast::Membership membership;
  for (const auto& server : servers) membership.members.push_back({server.id, server.voter});
  if (servers.empty()) membership.members.push_back({server_id, true});
  return membership;
}

Environment process_environment() {
  Environment environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto equals = text.find('=');
    if (text.rfind("MUSTER_", 0) != 0 || equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

std::string process_host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

Loaded load(const std::string& file) {
  std::string text;
  if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream content;
    if (in) content << in.rdbuf();
    if (!in || in.bad()) return {{}, {file + ": cannot be read"}};
    text = content.str();
  }
  return parse(text, file.empty() ? "environment" : file, process_environment(), process_host_name());
}

}  // namespace muster::config
