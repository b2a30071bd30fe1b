// The tree's rules once more, as plainly as possible: a map of whole paths, and a copy of everything to come
// back from a failed multi. It shares no code with the tree but the values.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/tree/tree.h"

namespace muster::tree::test {

struct ModelNode {
  std::optional<std::string> data;
  std::vector<Acl> acl;
  Stat stat;  // cversion, data_length and num_children are computed when asked for
  std::set<std::string> children;
  std::int64_t creates = 0;
  bool ephemeral = false;
};

struct ModelSession {
  Session session;
  std::int32_t remember = 0;
  std::map<std::int32_t, std::pair<Zxid, wire::Reply>> outcomes;
};

struct ModelOutcome {
  Fate fate = Fate::answered;
  Zxid zxid;
  wire::Reply reply;
  std::vector<std::pair<ChangeKind, std::string>> changes;
  std::optional<SessionEvent::Kind> event;
};

class Model {
 public:
  Model();
  ModelOutcome apply(const Stamp& stamp, const Command& command);

  [[nodiscard]] const std::map<std::string, ModelNode>& nodes() const { return nodes_; }
  [[nodiscard]] const std::map<SessionId, ModelSession>& sessions() const { return sessions_; }
  [[nodiscard]] Stat stat(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> ephemerals(SessionId session) const;

 private:
  wire::Reply write(const Command& command, const Operation& operation, bool in_multi);
  wire::Reply create(const Command& command, const wire::CreateRequest& request, bool in_multi);
  wire::Reply remove(const Command& command, const wire::DeleteRequest& request);
  wire::Reply set_data(const Command& command, const wire::SetDataRequest& request);
  wire::Reply set_acl(const Command& command, const wire::SetAclRequest& request);
  wire::Reply check(const Command& command, const wire::CheckVersionRequest& request);
  wire::Reply multi(const Command& command, const wire::MultiRequest& request);
  void erase(const std::string& path);
  void end(SessionId session);

  std::map<std::string, ModelNode> nodes_;
  std::map<SessionId, ModelSession> sessions_;
  Stamp stamp_;
  std::vector<std::pair<ChangeKind, std::string>> changes_;
};

}  // namespace muster::tree::test
