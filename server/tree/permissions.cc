#include "server/tree/permissions.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <set>
#include <string>

#include "server/tree/tree.h"

namespace muster::tree {
namespace {

std::optional<unsigned> parse_number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  unsigned size = 0;  // 4 or 16
  unsigned bits = 0;  // how many count
};

// Leading zeros are decimal here, as in ZooKeeper; inet_pton would refuse them.
std::optional<Address> parse_ipv4(std::string_view text) {
  Address address;
  address.size = 4;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto part = parse_number(text.substr(0, dot), 255);
    if (!part) return std::nullopt;
    address.bytes[i] = static_cast<std::uint8_t>(*part);
    if (i < 3) text.remove_prefix(dot + 1);
  }
  return address;
}

std::optional<Address> parse_ipv6(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos) return std::nullopt;
  Address address;
  address.size = 16;
  if (inet_pton(AF_INET6, std::string(text).c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<Address> parse_expression(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  auto address = host.find(':') == std::string_view::npos ? parse_ipv4(host) : parse_ipv6(host);
  if (!address) return std::nullopt;
  address->bits = address->size * 8;
  if (slash == std::string_view::npos) return address;
  const auto bits = parse_number(text.substr(slash + 1), address->bits);
  if (!bits) return std::nullopt;
  address->bits = *bits;
  return address;
}

bool is_anyone(const AuthId& id) { return id.scheme == "world" && id.id == "anyone"; }

// "user:hash": two parts, where empty ones at the end do not count.
bool is_valid_digest_id(std::string_view id) {
  while (!id.empty() && id.back() == ':') id.remove_suffix(1);
  return std::count(id.begin(), id.end(), ':') == 1;
}

// Did the client prove this identity? (An address is no proof.)
bool is_authenticated(const AuthId& id) {
  return id.scheme == "digest" || id.scheme == "x509" || id.scheme == "sasl";
}

bool is_valid(const AuthId& id) {
  if (!id.scheme || !id.id) return false;
  if (id.scheme == "digest") return is_valid_digest_id(*id.id);
  if (id.scheme == "ip") return is_valid_ip_expression(*id.id);
  return is_anyone(id);
}

bool matches(const AuthId& who, const AuthId& wanted) {
  if (who.scheme != wanted.scheme) return false;
  if (wanted.scheme != "ip") return who.id == wanted.id;
  return who.id && wanted.id && ip_matches(*who.id, *wanted.id);
}

}  // namespace

bool is_valid_ip_expression(std::string_view expression) { return parse_expression(expression).has_value(); }

bool ip_matches(std::string_view address, std::string_view expression) {
  const auto wanted = parse_expression(expression);
  const auto given = parse_expression(address);
  if (!wanted || !given || wanted->size != given->size) return false;
  for (unsigned bit = 0; bit < wanted->bits; bit += 8) {
    const unsigned counted = std::min(8U, wanted->bits - bit);
    const auto difference = static_cast<unsigned>(wanted->bytes[bit / 8] ^ given->bytes[bit / 8]);
    if ((difference >> (8 - counted)) != 0) return false;
  }
  return true;
}

bool permitted(const std::vector<Acl>& acl, std::int32_t permission, const std::vector<AuthId>& who) {
  if (acl.empty()) return true;
  for (const Acl& entry : acl) {
    if ((entry.perms & permission) != 0 && is_anyone(entry.who)) return true;
  }
  for (const AuthId& id : who) {
    if (id.scheme == "super") return true;
    for (const Acl& entry : acl) {
      if ((entry.perms & permission) != 0 && matches(id, entry.who)) return true;
    }
  }
  return false;
}

std::optional<std::vector<Acl>> resolve_acl(const std::optional<std::vector<Acl>>& asked,
                                            const std::vector<AuthId>& who) {
  if (!asked || asked->size() > max_acl_entries) return std::nullopt;
  std::set<Acl> seen;
  std::vector<Acl> resolved;
  for (const Acl& entry : *asked) {
    if (!seen.insert(entry).second) continue;
    if (entry.who.scheme != "auth") {
      if (!is_valid(entry.who)) return std::nullopt;
      resolved.push_back(entry);
      continue;
    }
    const std::size_t before = resolved.size();
    for (const AuthId& id : who) {
      if (is_authenticated(id)) resolved.push_back({entry.perms, id});
    }
    if (resolved.size() == before || resolved.size() > max_acl_entries) return std::nullopt;
  }
  if (resolved.empty()) return std::nullopt;
  return resolved;
}

std::vector<Acl> masked(std::vector<Acl> acl) {
  for (Acl& entry : acl) {
    if (entry.who.scheme != "digest" || !entry.who.id) continue;
    const std::size_t colon = entry.who.id->find(':');
    if (colon != std::string::npos) *entry.who.id = entry.who.id->substr(0, colon) + ":x";
  }
  return acl;
}

}  // namespace muster::tree
