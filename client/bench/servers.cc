#include "client/bench/servers.h"

#include <netdb.h>

#include <cstring>
#include <stdexcept>

namespace muster::bench {
namespace {

sockaddr_storage resolve(const client::Host& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.name.c_str(), host.port.c_str(), &hints, &found);
  if (error != 0)
    throw std::runtime_error(client::to_string(host) + " has no address: " + ::gai_strerror(error));
  sockaddr_storage address{};
  std::memcpy(&address, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return address;
}

}  // namespace

std::vector<sockaddr_storage> addresses_of(const client::ConnectString& where) {
  std::vector<sockaddr_storage> addresses;
  for (const client::Host& host : where.hosts) addresses.push_back(resolve(host));
  return addresses;
}

}  // namespace muster::bench
