#include "server/node/clients.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace muster::node {

using frontend::Connection;

Connection* Clients::open(ConnId id, frontend::Origin origin, const Limits& limits) {
  std::size_t& of_address = addresses_[origin.address];
  if (connections_.size() >= limits.max_connections || of_address >= limits.max_connections_per_address) {
    if (of_address == 0) addresses_.erase(origin.address);
    farewells_.push_back({id, {}, true, std::nullopt});
    return nullptr;
  }
  ++of_address;
  const auto placed = connections_.try_emplace(id, id, std::move(origin), limits.max_frame_bytes);
  CHECK(placed.second && id != 0, "a connection's name is never used again");
  return &placed.first->second;
}

Connection* Clients::find(ConnId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

Connection* Clients::of(SessionId session) {
  const auto found = sessions_.find(session);
  return found == sessions_.end() ? nullptr : find(found->second);
}

void Clients::bind(const Connection& connection) {
  CHECK(connection.bound(), "only an open connection has a session");
  const bool first = sessions_.emplace(connection.bound()->session, connection.id()).second;
  CHECK(first, "a session speaks through one connection");
}

void Clients::erase(ConnId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) return;
  const Connection& connection = found->second;
  if (connection.bound()) sessions_.erase(connection.bound()->session);
  const auto of_address = addresses_.find(connection.origin().address);
  if (--of_address->second == 0) addresses_.erase(of_address);
  connections_.erase(found);
}

void Clients::close(ConnId id, bool flush) {
  Connection* connection = find(id);
  if (!connection) return;
  farewells_.push_back({id, flush ? connection->take_output() : std::string(), true, std::nullopt});
  erase(id);
}

void Clients::mark(Connection& connection) {
  if (std::exchange(connection.write_mark, true)) return;
  marked_.push_back(connection.id());
}

std::vector<ClientWrite> Clients::take_writes() {
  std::vector<ClientWrite> writes = std::exchange(farewells_, {});
  writes.reserve(writes.size() + marked_.size());
  for (const ConnId id : std::exchange(marked_, {})) {
    Connection* connection = find(id);
    if (!connection) continue;
    connection->write_mark = false;
    const std::optional<bool> reading = connection->reading_changed();
    if (connection->has_output() || reading)
      writes.push_back({id, connection->take_output(), false, reading});
  }
  std::sort(writes.begin(), writes.end(),
            [](const ClientWrite& a, const ClientWrite& b) { return a.connection < b.connection; });
  return writes;
}

std::vector<const Connection*> Clients::in_order() const {
  std::vector<const Connection*> all;
  all.reserve(connections_.size());
  for (const auto& entry : connections_) all.push_back(&entry.second);
  std::sort(all.begin(), all.end(),
            [](const Connection* a, const Connection* b) { return a->id() < b->id(); });
  return all;
}

std::vector<ConnId> Clients::bound() const {
  std::vector<ConnId> ids;
  for (const auto& entry : sessions_) ids.push_back(entry.second);
  std::sort(ids.begin(), ids.end());
  return ids;
}

void Clients::reset_traffic() {
  for (auto& entry : connections_) entry.second.reset_traffic();
}

Connection* Clients::first_waiting_for(Xid xid) {
  for (const Connection* connection : in_order())
    if (connection->pipeline().waiting_write(xid)) return find(connection->id());
  return nullptr;
}

}  // namespace muster::node
