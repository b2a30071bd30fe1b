#include "tests/simulation/checks/session_table.h"

#include <fmt/core.h>

#include <variant>

#include "tests/simulation/sim.h"

namespace muster::simulation {
namespace {

std::string text_of(SessionId session) {
  return fmt::format("session {:x}", static_cast<std::uint64_t>(session.value));
}

// Written by a connection, in the name of its session; the others are the servers' own.
bool is_clients(const tree::Operation& operation) {
  return !std::holds_alternative<tree::OpenSession>(operation) &&
         !std::holds_alternative<tree::AttachSession>(operation) &&
         !std::holds_alternative<tree::ExpireSession>(operation);
}

}  // namespace

tree::Fate SessionTable::fate_of(const tree::Command& command) const {
  if (!is_clients(command.operation)) return tree::Fate::answered;
  const auto open = owners_.find(command.session);
  if (open == owners_.end()) return tree::Fate::dead;
  return open->second == command.owner ? tree::Fate::answered : tree::Fate::moved;
}

void SessionTable::on_command(const tree::Command& command, const tree::Outcome& outcome, Zxid zxid) {
  const tree::Fate fate = fate_of(command);
  if (outcome.fate != fate) {
    broken("session-table",
           fmt::format("entry {} of {} has fate {}, and {} is right", zxid.value, text_of(command.session),
                       static_cast<int>(outcome.fate), static_cast<int>(fate)));
  }
  if (fate != tree::Fate::answered && (!outcome.changes.empty() || outcome.session)) {
    broken("session-table", fmt::format("entry {} changes something, though {} is closed or has moved",
                                        zxid.value, text_of(command.session)));
  }
  if (outcome.session) return on_event(command, *outcome.session, zxid);
  if (const auto* expire = std::get_if<tree::ExpireSession>(&command.operation)) {
    if (ends(command, expire->session))
      broken("session-table", fmt::format("entry {} does not end {}", zxid.value, text_of(expire->session)));
  }
}

bool SessionTable::ends(const tree::Command& command, SessionId session) const {
  const auto open = owners_.find(session);
  if (open == owners_.end()) return false;
  if (const auto* expire = std::get_if<tree::ExpireSession>(&command.operation))
    return expire->session == session && expire->owner == open->second;
  return std::holds_alternative<tree::CloseSession>(command.operation) && command.session == session;
}

void SessionTable::on_event(const tree::Command& command, const tree::SessionEvent& event, Zxid zxid) {
  const bool open = owners_.contains(event.session);
  bool right = false;
  switch (event.kind) {
    case tree::SessionEvent::Kind::opened:
      right = !open && !closed_.contains(event.session) && event.owner == zxid;
      owners_[event.session] = zxid;
      break;
    case tree::SessionEvent::Kind::attached:
      right = open && event.owner == zxid;
      owners_[event.session] = zxid;
      break;
    case tree::SessionEvent::Kind::closed:
      right = ends(command, event.session);
      owners_.erase(event.session);
      closed_.insert(event.session);
      break;
  }
  if (!right) {
    broken("session-table", fmt::format("entry {} opens, moves or closes {} (kind {}), which it may not",
                                        zxid.value, text_of(event.session), static_cast<int>(event.kind)));
  }
}

void SessionTable::check_count(std::size_t sessions, Zxid zxid) const {
  if (sessions != owners_.size())
    broken("session-table", fmt::format("the tree at {} holds {} sessions, and {} are open", zxid.value,
                                        sessions, owners_.size()));
}

}  // namespace muster::simulation
