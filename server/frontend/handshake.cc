#include "server/frontend/handshake.h"

#include <algorithm>

#include "server/frontend/password.h"

namespace muster::frontend {

std::int32_t negotiated_timeout(std::int32_t wanted_ms, std::int64_t tick_ms) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(wanted_ms, 2 * tick_ms, 20 * tick_ms));
}

Verdict judge(const wire::ConnectRequest& request, std::string_view secret, Zxid applied) {
  if (request.last_zxid_seen > applied) return Verdict::behind;
  if (request.session != SessionId{} && !is_password(secret, request.session, request.password))
    return Verdict::refuse;
  return Verdict::go;
}

tree::Command session_command(const wire::ConnectRequest& request, const Settings& settings) {
  const std::int32_t timeout_ms = negotiated_timeout(request.timeout_ms, settings.tick_ms);
  const std::int32_t remember = std::clamp(request.remember.value_or(0), 0, settings.max_remembered);
  tree::Command command;
  if (request.session == SessionId{})
    command.operation = tree::OpenSession{settings.self, timeout_ms, remember};
  else
    command.operation = tree::AttachSession{request.session, settings.self, timeout_ms, remember};
  return command;
}

void append_accepted(std::string& out, const wire::ConnectRequest& request, const tree::SessionEvent& event,
                     std::string_view secret) {
  wire::ConnectReply reply;
  reply.timeout_ms = event.timeout_ms;
  reply.session = event.session;
  reply.password = password_of(secret, event.session);
  if (request.read_only) reply.read_only = false;
  if (request.remember) reply.remember = event.remember;
  wire::append_connect_reply(out, reply);
}

void append_refused(std::string& out, const wire::ConnectRequest& request) {
  wire::ConnectReply reply;
  if (request.read_only) reply.read_only = false;
  if (request.remember) reply.remember = 0;
  wire::append_connect_reply(out, reply);
}

}  // namespace muster::frontend
