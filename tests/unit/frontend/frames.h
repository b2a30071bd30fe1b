// What a server sends a client, as lines of text that a test can compare.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/connect.h"
#include "common/wire/events.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::test {

// The client's end of one connection: what it asked, in order, and what it got.
class Frames {
 public:
  std::string connect(const wire::ConnectRequest& request) { return encode_connect_request(request); }
  // The bytes of a request; its reply is then understood. Xids: 1, 2, 3, …
  std::string ask(const wire::Request& request, std::int32_t xid) {
    const wire::OpCode type = wire::type_of(request);
    asked_[type == wire::OpCode::ping ? wire::ping_xid : xid].push_back(type);
    return wire::encode_request(Xid{xid}, request);
  }
  void receive(std::string_view bytes) { reader_.append(bytes); }

  // All that has come, a line each: "1 ok path=/a", "2 error -101", "event node_created /a", "session".
  std::vector<std::string> lines() {
    std::vector<std::string> out;
    for (;;) {
      auto frame = reader_.next();
      if (!frame) return out.push_back("broken"), out;
      if (!*frame) return out;
      out.push_back(line(**frame));
    }
  }

  wire::ConnectReply session;  // of the last handshake
  bool shaken = false;
  std::vector<Zxid> zxids;           // of all replies and events, in order
  wire::BackupBegunReply begun;      // the last view
  std::vector<std::string> records;  // and the last part of it

 private:
  std::string line(std::string_view payload) {
    if (!shaken) {
      shaken = true;
      session = wire::decode_connect_reply(payload).value();
      return session.timeout_ms > 0 ? "session" : "refused";
    }
    const wire::ReplyHeader header = wire::decode_reply_header(payload).value();
    zxids.push_back(header.zxid);
    if (header.xid.value == wire::notification_xid) {
      static constexpr const char* names[] = {"", "node_created", "node_deleted", "node_data_changed",
                                              "node_children_changed"};
      const wire::WatcherEvent event = wire::decode_event(payload).value();
      return std::string("event ") + names[static_cast<int>(event.type)] + " " + event.path;
    }
    std::string text = std::to_string(header.xid.value);
    auto& asked = asked_[header.xid.value];
    if (asked.empty()) return text + " unexpected";
    const wire::OpCode type = asked.front();
    asked.pop_front();
    if (header.error != ErrorCode::ok)
      return text + " error " + std::to_string(static_cast<int>(header.error));
    wire::ReplyBody body = wire::decode_reply_body(type, payload).value();
    if (const auto* view = std::get_if<wire::BackupBegunReply>(&body)) begun = *view;
    if (const auto* part = std::get_if<wire::BackupRecordsReply>(&body)) records = part->records;
    return text + " ok" + body_text(body);
  }

  static std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
    return text;
  }
  struct Text {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const wire::CreateReply& reply) const { return " path=" + reply.path; }
    std::string operator()(const wire::Create2Reply& reply) const { return " path=" + reply.path; }
    std::string operator()(const wire::StatReply& reply) const {
      return " version=" + std::to_string(reply.stat.version);
    }
    std::string operator()(const wire::GetDataReply& reply) const {
      return " data=" + reply.data.value_or("(null)");
    }
    std::string operator()(const wire::GetAclReply& reply) const {
      std::string text;
      for (const Acl& acl : reply.acl)
        text += " " + acl.who.scheme.value_or("") + ":" + acl.who.id.value_or("") + ":" +
                std::to_string(acl.perms);
      return text;
    }
    std::string operator()(const wire::ChildrenReply& reply) const {
      return " children=" + joined(reply.children);
    }
    std::string operator()(const wire::Children2Reply& reply) const {
      return " children=" + joined(reply.children);
    }
    std::string operator()(const wire::PathReply& reply) const {
      return " path=" + reply.path.value_or("(null)");
    }
    std::string operator()(const wire::SaslReply& reply) const {
      return " token=" + reply.token.value_or("(null)");
    }
    std::string operator()(const wire::ErrorReply& reply) const {
      return " code=" + std::to_string(reply.error);
    }
    std::string operator()(const wire::EphemeralsReply& reply) const {
      return " paths=" + joined(reply.paths);
    }
    std::string operator()(const wire::CountReply& reply) const {
      return " count=" + std::to_string(reply.count);
    }
    std::string operator()(const wire::WhoAmIReply& reply) const {
      std::string text;
      for (const AuthId& id : reply.ids) text += " " + id.scheme.value_or("") + ":" + id.id.value_or("");
      return text;
    }
    std::string operator()(const wire::BackupBegunReply&) const { return " view"; }
    std::string operator()(const wire::BackupRecordsReply& reply) const {
      return reply.records.empty() ? " end" : " records";
    }
    std::string operator()(const wire::MultiReply& reply) const {
      std::string text;
      for (const wire::MultiResult& result : reply.results) {
        text += " [" + std::to_string(static_cast<int>(result.error));
        std::visit([&](const auto& body) { text += Text{}(body); }, result.body);
        text += "]";
      }
      return text;
    }
  };
  static std::string body_text(const wire::ReplyBody& body) { return std::visit(Text{}, body); }

  wire::FrameReader reader_{64 * 1024 * 1024};
  std::map<std::int32_t, std::deque<wire::OpCode>> asked_;
};

// Requests in short.
inline wire::CreateRequest create(std::string path, std::string data = "", std::int32_t flags = 0) {
  return {wire::OpCode::create, std::move(path), std::move(data), open_acl(), flags, 0};
}
inline wire::CreateRequest create_ephemeral(std::string path) {
  return create(std::move(path), "", wire::create_flags::ephemeral);
}
inline wire::SetDataRequest set(std::string path, std::string data) {
  return {std::move(path), std::move(data), -1};
}
inline wire::GetDataRequest get(std::string path, bool watch = false) { return {std::move(path), watch}; }
inline wire::ExistsRequest exists(std::string path, bool watch = false) { return {std::move(path), watch}; }
inline wire::GetChildrenRequest children(std::string path, bool watch = false) {
  return {wire::OpCode::get_children, std::move(path), watch};
}
inline wire::SyncRequest sync_of(std::string path = "/") { return {std::move(path)}; }

using Lines = std::vector<std::string>;

}  // namespace muster::test
