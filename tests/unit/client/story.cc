#include "story.h"

#include <catch2/catch.hpp>

namespace muster::client {
namespace {

std::string list(const char* name, const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) text += (text.empty() ? "" : ",") + path;
  return text.empty() ? "" : std::string(" ") + name + "=" + text;
}

std::string in_words(const wire::Request& request) {
  if (const auto* r = std::get_if<wire::CreateRequest>(&request)) return "create " + r->path;
  if (const auto* r = std::get_if<wire::SetDataRequest>(&request)) return "set " + r->path;
  if (const auto* r = std::get_if<wire::GetDataRequest>(&request)) return "get " + r->path;
  if (const auto* r = std::get_if<wire::ExistsRequest>(&request)) return "exists " + r->path;
  if (const auto* r = std::get_if<wire::GetChildrenRequest>(&request)) return "children " + r->path;
  if (const auto* r = std::get_if<wire::AddWatchRequest>(&request)) return "watch " + r->path;
  if (const auto* r = std::get_if<wire::WatchesRequest>(&request))
    return "removeWatches " + r->path + " kind " + std::to_string(r->kind);
  if (const auto* r = std::get_if<wire::AuthRequest>(&request))
    return "auth " + r->scheme.value_or("") + " " + r->auth.value_or("");
  if (std::get_if<wire::SyncRequest>(&request)) return "sync";
  if (std::get_if<wire::PingRequest>(&request)) return "ping";
  if (std::get_if<wire::CloseSessionRequest>(&request)) return "close";
  if (const auto* r = std::get_if<wire::SetWatchesRequest>(&request)) {
    return (r->type == wire::OpCode::set_watches ? "setWatches" : "setWatches2") +
           (" since " + to_string(r->relative_zxid)) + list("data", r->data) + list("exist", r->exist) +
           list("child", r->child) + list("persistent", r->persistent) +
           list("recursive", r->persistent_recursive);
  }
  return "request " + std::to_string(static_cast<int>(wire::type_of(request)));
}

std::string hello(const wire::ConnectRequest& r) {
  const bool known = r.password == seven().password;
  return "hello session=" + to_string(r.session) + (known ? " with password" : "") +
         (r.read_only.value_or(false) ? " read-only" : "") + " zxid=" + to_string(r.last_zxid_seen) +
         " timeout=" + std::to_string(r.timeout_ms) +
         (r.remember ? " remember=" + std::to_string(*r.remember) : "");
}

}  // namespace

wire::ConnectReply seven(std::optional<std::int32_t> remember) {
  return {0, 9'000, SessionId{7}, "0123456789abcdef", false, remember};
}

std::string Story::describe_frames(std::string_view bytes) {
  wire::FrameReader reader;
  reader.append(bytes);
  std::string text;
  while (true) {
    const auto frame = reader.next();
    REQUIRE(frame.has_value());
    if (!*frame) break;
    if (!text.empty()) text += " | ";
    if (std::exchange(handshake_next_, false)) {
      text += hello(*wire::decode_connect_request(**frame));
      continue;
    }
    std::string_view payload = **frame;
    const auto header = wire::decode_request_header(payload);
    REQUIRE(header.has_value());
    text += to_string(header->xid) + " " + in_words(*wire::decode_request(header->type, payload));
  }
  REQUIRE(reader.buffered() == 0);
  return text;
}

std::string Story::describe(const Action& action) {
  if (const auto* a = std::get_if<Connect>(&action)) {
    handshake_next_ = true;
    return "connect " + std::to_string(a->host);
  }
  if (const auto* a = std::get_if<Write>(&action)) return describe_frames(a->bytes);
  if (const auto* a = std::get_if<Complete>(&action)) {
    return "done " + std::to_string(a->id) + " " + std::string(muster::describe(a->reply.error));
  }
  if (const auto* a = std::get_if<Probe>(&action)) return "probe " + std::to_string(a->host);
  if (const auto* a = std::get_if<StateChanged>(&action)) return std::string(muster::describe(a->state));
  if (const auto* a = std::get_if<WatchFired>(&action)) {
    std::string text = std::string(muster::describe(a->event.type)) + " " + a->event.path;
    for (const WatchId watch : a->watches) text += " #" + std::to_string(watch);
    return text;
  }
  return "disconnect";
}

std::string Story::told() {
  std::string text;
  for (const Action& action : session.take_actions()) text += (text.empty() ? "" : " | ") + describe(action);
  return text;
}

std::string Story::welcome_bytes(wire::ConnectReply reply) {
  std::string out;
  wire::append_connect_reply(out, reply);
  return out;
}

std::string Story::reply_bytes(std::int32_t xid, std::int64_t zxid, wire::ReplyBody body, ErrorCode error) {
  std::string out;
  wire::append_reply(out, Xid{xid}, Zxid{zxid}, {error, std::move(body)});
  return out;
}

std::string Story::event_bytes(wire::EventType type, std::string_view path) {
  std::string out;
  wire::append_event(out, Zxid{-1}, type, path);
  return out;
}

void Story::begin(std::optional<std::int32_t> remember) {
  session.on_tick(now);
  session.on_connected(now);
  session.on_bytes(now, welcome_bytes(seven(remember)));
  told();
  REQUIRE(session.is_connected());
}

std::string Story::come_back(std::optional<std::int32_t> remember) {
  wait();
  connected();
  return welcome(seven(remember));
}

}  // namespace muster::client
