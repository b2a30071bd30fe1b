// The clients' connections, and what is to be written to them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/frontend/connection.h"
#include "server/node/node.h"

namespace muster::node {

class Clients {
 public:
  // Null, and the connection is told to close, if there are too many.
  frontend::Connection* open(ConnId id, frontend::Origin origin, const Limits& limits);
  [[nodiscard]] frontend::Connection* find(ConnId id);
  // The connection through which that session speaks here, if any.
  [[nodiscard]] frontend::Connection* of(SessionId session);
  // The connection has got its session. Requires that the session has no other connection here (CHECK).
  void bind(const frontend::Connection& connection);
  // Forgets it.
  void erase(ConnId id);
  // Forgets it and has the driver close it once what is in its output is written (or, if not `flush`, without
  // that).
  void close(ConnId id, bool flush);

  // It may have something to write.
  void mark(frontend::Connection& connection);
  [[nodiscard]] const std::vector<ConnId>& marked() const { return marked_; }
  // By connection; of each at most one.
  [[nodiscard]] std::vector<ClientWrite> take_writes();

  [[nodiscard]] std::size_t size() const { return connections_.size(); }
  [[nodiscard]] std::vector<const frontend::Connection*> in_order() const;
  // Those that have a session, in order.
  [[nodiscard]] std::vector<ConnId> bound() const;
  void reset_traffic();
  [[nodiscard]] frontend::Connection* first_waiting_for(Xid xid);  // by connection; for a mutant

 private:
  // Only looked up; what shows outside goes by connection number.
  std::unordered_map<ConnId, frontend::Connection> connections_;
  std::unordered_map<SessionId, ConnId> sessions_;
  std::unordered_map<std::string, std::size_t> addresses_;
  std::vector<ConnId> marked_;
  std::vector<ClientWrite> farewells_;
};

}  // namespace muster::node
