#include "tests/simulation/checks/expiry.h"

#include <fmt/core.h>

#include <algorithm>

#include "tests/simulation/sim.h"

namespace muster::simulation {

void Expiry::attached(Socket socket, SessionId session, int server, std::int64_t timeout_us,
                      std::int64_t now_us) {
  contacts_[socket] = {session, server, timeout_us, now_us, now_us};
  heard_[session] = {now_us, server};
}

void Expiry::heard(Socket socket, std::int64_t now_us) {
  const auto place = contacts_.find(socket);
  if (place == contacts_.end()) return;
  Contact& contact = place->second;
  if (now_us - contact.last_us > contact.timeout_us / 3) contact.since_us = now_us;
  contact.last_us = now_us;
  heard_[contact.session] = {now_us, contact.server};
}

void Expiry::lost(Socket socket) { contacts_.erase(socket); }

void Expiry::server_disturbed(int server, std::int64_t now_us) {
  for (auto& [socket, contact] : contacts_) {
    if (contact.server == server) contact.since_us = std::max(contact.since_us, now_us);
  }
}

// What was heard while it was paused it reads as it goes on.
void Expiry::resumed(int server, std::int64_t now_us) {
  server_disturbed(server, now_us);
  const std::int64_t paused_us = paused_since_us_.at(server);
  for (const auto& [session, heard] : heard_) {
    if (heard.server == server)
      ages_[session] = {server, std::max<std::int64_t>(0, paused_us - heard.us), now_us};
  }
}

void Expiry::died(int server, std::int64_t now_us) {
  server_disturbed(server, now_us);
  std::erase_if(ages_, [server](const auto& age) { return age.second.server == server; });
}

void Expiry::check_late(const std::vector<tree::Session>& sessions, std::int64_t calm_since_us,
                        std::int64_t slack_us, std::int64_t now_us) {
  for (const tree::Session& session : sessions) {
    const auto heard = heard_.find(session.id);
    if (heard == heard_.end()) continue;  // its client did not hear of it, or is a whole library
    const std::int64_t heard_us = heard->second.us;
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
  constexpr std::int64_t look_us = 200'000;  // a server looks once a tick
  const auto expired = expired_.find(session);
  if (expired != expired_.end() &&
      now_us > expired->second.decided_us + look_us + drift_us(expired->second)) {
    broken("late-claim", fmt::format("session {:x} expired at {} ms; its client gave it up at {} ms",
                                     static_cast<std::uint64_t>(session.value),
                                     expired->second.decided_us / 1000, now_us / 1000));
  }
  believed_.erase(session);
  expired_.erase(session);
}

// Half, since the last bytes heard may not have been a whole request, and reports and ticks take their time.
void Expiry::check_pause(SessionId session, std::int64_t timeout_us, int judge,
                         std::int64_t decided_us) const {
  const auto place = ages_.find(session);
  if (place == ages_.end() || place->second.server != judge || decided_us < place->second.at_us) return;
  const Age& age = place->second;
  const std::int64_t silent_us = age.us + decided_us - age.at_us;
  if (silent_us >= timeout_us / 2) return;
  broken(
      "early-expiry",
      fmt::format("session {:x} of {} ms is expired by server {} at {} ms, which was paused until {} ms and "
                  "has run for {} ms without hearing of it",
                  static_cast<std::uint64_t>(session.value), timeout_us / 1000, judge + 1, decided_us / 1000,
                  age.at_us / 1000, silent_us / 1000));
}

void Expiry::on_expired(SessionId session, std::int64_t timeout_us, int judge, std::int64_t decided_us) {
  if (believed_.contains(session)) expired_[session] = {decided_us, timeout_us};
  check_pause(session, timeout_us, judge, decided_us);
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
