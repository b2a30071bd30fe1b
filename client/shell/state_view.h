// The whole state of an ensemble at one moment, asked of one server by its super user; and how far that is, for people.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "client/shell/super_session.h"
#include "server/tree/record.h"

namespace muster::shell {

// On the first of `servers` that answers and serves. Throws Complaint.
[[nodiscard]] std::unique_ptr<SuperSession> session_on(const std::string& servers, const std::string& login);

// Hands `take` the parts of a view that holds everything acknowledged before, after `begin` was told what it is. Says on standard error
// how far it is. Throws Complaint.
void read_state(SuperSession& session, const std::function<void(const wire::BackupBegunReply&)>& begin,
                const std::function<void(const std::vector<tree::Record>&)>& take);

}  // namespace muster::shell
