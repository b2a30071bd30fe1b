#include "tests/simulation/checks/expiry.h"

#include <fmt/core.h>

#include <algorithm>

#include "tests/simulation/sim.h"

namespace muster::simulation {

void Expiry::attached(Socket socket, SessionId session, int server, std::int64_t timeout_us,
                      std::int64_t now_us) {
  contacts_[socket] = {session, server, timeout_us, now_us, now_us};
  heard_[session] = now_us;
}

void Expiry::heard(Socket socket, std::int64_t now_us) {
  const auto place = contacts_.find(socket);
  if (place == contacts_.end()) return;
  Contact& contact = place->second;
  if (now_us - contact.last_us > contact.timeout_us / 3) contact.since_us = now_us;
  contact.last_us = now_us;
  heard_[contact.session] = now_us;
}

void Expiry::lost(Socket socket) { contacts_.erase(socket); }

void Expiry::server_disturbed(int server, std::int64_t now_us) {
  for (auto& [socket, contact] : contacts_) {
    if (contact.server == server) contact.since_us = std::max(contact.since_us, now_us);
  }
}

void Expiry::check_late(const std::vector<tree::Session>& sessions, std::int64_t calm_since_us,
                        std::int64_t slack_us, std::int64_t now_us) {
  for (const tree::Session& session : sessions) {
    const auto heard = heard_.find(session.id);
    if (heard == heard_.end()) continue;  // its client did not hear of it, or is a whole library
    const std::int64_t heard_us = heard->second;
    const std::int64_t since_us = std::max(heard_us, calm_since_us);
    const std::int64_t timeout_us = std::int64_t{session.timeout_ms} * 1000;
    if (now_us - since_us <= 2 * timeout_us + slack_us) continue;
    broken("late-expiry",
           fmt::format("session {:x} of {} ms was heard of at {} ms, all is calm since {} ms, and it "
                       "lives on at {} ms",
                       static_cast<std::uint64_t>(session.id.value), session.timeout_ms, heard_us / 1000,
                       calm_since_us / 1000, now_us / 1000));
  }
}

void Expiry::given_up(SessionId session, std::int64_t now_us) {
  constexpr std::int64_t slack_us = 200'000;  // a server looks once a tick
  const auto expired = expired_.find(session);
  if (expired != expired_.end() && now_us > expired->second + slack_us) {
    broken("late-claim",
           fmt::format("session {:x} expired at {} ms; its client gave it up at {} ms",
                       static_cast<std::uint64_t>(session.value), expired->second / 1000, now_us / 1000));
  }
  believed_.erase(session);
  expired_.erase(session);
}

void Expiry::on_expired(SessionId session, std::int64_t decided_us) {
  if (believed_.contains(session)) expired_[session] = decided_us;
  constexpr std::int64_t slack_us = 2'000'000;  // between the decision and the disk that first sees it
  for (const auto& [socket, contact] : contacts_) {
    if (contact.session != session) continue;
    const bool steady = contact.since_us + contact.timeout_us + slack_us <= decided_us;
    const bool lately = contact.last_us + contact.timeout_us / 3 >= decided_us;
    if (steady && lately) {
      broken("early-expiry",
             fmt::format(
                 "session {:x} expired at {} ms though connected to server {} since {} ms, heard at {} ms",
                 static_cast<std::uint64_t>(session.value), decided_us / 1000, contact.server + 1,
                 contact.since_us / 1000, contact.last_us / 1000));
    }
  }
}

}  // namespace muster::simulation
