#include "common/wire/connect.h"

#include "common/check.h"
#include "common/wire/jute.h"

namespace muster::wire {
namespace {

constexpr std::string_view extension_mark = "MSTR";

template <class Archive>
void fields(Archive& archive, Like<Archive, ConnectRequest>& r) {
  archive(r.protocol_version, r.last_zxid_seen, r.timeout_ms, r.session, r.password);
}
template <class Archive>
void fields(Archive& archive, Like<Archive, ConnectReply>& r) {
  archive(r.protocol_version, r.timeout_ms, r.session, r.password);
}

// What may follow the fields that all clients send: a byte, and Muster's extension. Anything else is ignored,
// as by ZooKeeper.
template <class Message>
void read_tail(Reader& reader, Message& message) {
  if (!reader.ok() || reader.left().empty()) return;
  reader(message.read_only.emplace());
  const std::string_view extension = reader.left();
  if (extension.substr(0, extension_mark.size()) != extension_mark) return;
  Reader number(extension.substr(extension_mark.size()));
  std::int32_t remember = 0;
  number(remember);
  if (number.ok()) message.remember = remember;
}

template <class Message>
void write_tail(std::string& out, Writer& writer, const Message& message) {
  CHECK(message.read_only || !message.remember, "the extension comes after the read-only byte");
  if (message.read_only) writer(*message.read_only);
  if (!message.remember) return;
  out.append(extension_mark);
  writer(*message.remember);
}

template <class Message>
Result<Message> decode(std::string_view payload, const char* complaint) {
  Reader reader(payload);
  Message message;
  fields(reader, message);
  read_tail(reader, message);
  if (!reader.ok()) return Error{complaint};
  return message;
}

template <class Message>
void append(std::string& out, const Message& message) {
  FrameWriter frame(out);
  fields(frame.write, message);
  write_tail(out, frame.write, message);
}

}  // namespace

Result<ConnectRequest> decode_connect_request(std::string_view payload) {
  return decode<ConnectRequest>(payload, "the connect request is cut short");
}

std::string encode_connect_request(const ConnectRequest& request) {
  std::string out;
  append(out, request);
  return out;
}

Result<ConnectReply> decode_connect_reply(std::string_view payload) {
  Result<ConnectReply> reply = decode<ConnectReply>(payload, "the connect reply is cut short");
  if (reply && reply->password.size() != password_size)
    return Error{"the connect reply's password is not 16 bytes"};
  return reply;
}

void append_connect_reply(std::string& out, const ConnectReply& reply) {
  CHECK(reply.password.size() == password_size, "clients read a password of fixed size");
  append(out, reply);
}

}  // namespace muster::wire
