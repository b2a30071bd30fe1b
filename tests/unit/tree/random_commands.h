// Commands at random, mostly sensible in the state that the model is in: a small namespace, few sessions, all
// kinds of mistakes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/random.h"
#include "tests/unit/tree/model.h"

namespace muster::tree::test {

class RandomCommands {
 public:
  explicit RandomCommands(Random random) : random_(random) {}

  [[nodiscard]] Command next(const Model& model);

 private:
  [[nodiscard]] Command session_command(const Model& model);
  [[nodiscard]] Operation write(const Model& model);
  [[nodiscard]] wire::CreateRequest create(const Model& model);
  [[nodiscard]] wire::MultiRequest multi(const Model& model);
  [[nodiscard]] std::string path(const Model& model);
  [[nodiscard]] std::string existing(const Model& model);
  [[nodiscard]] std::optional<std::string> data();
  [[nodiscard]] std::int32_t version(const Model& model, const std::string& of, bool acl);
  [[nodiscard]] std::optional<std::vector<Acl>> acl();
  [[nodiscard]] std::vector<AuthId> identities();
  [[nodiscard]] SessionId some_session(const Model& model);

  Random random_;
  std::map<SessionId, std::int32_t> last_xid_;
};

}  // namespace muster::tree::test
