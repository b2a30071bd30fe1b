#include "tests/fuzz/conversation.h"

#include "common/wire/events.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"
#include "server/frontend/four_letter_words.h"
#include "tests/fuzz/guard.h"

namespace muster::fuzz {

void Conversation::sent(std::string_view bytes) {
  asked_bytes_.append(bytes);
  const auto word = asked_bytes_.first_word();
  word_ = word_ || (word && frontend::is_four_letter_word(*word));
  while (!word_ && !broken_) {
    const auto frame = asked_bytes_.next();
    broken_ = frame.has_error();
    if (broken_ || !*frame) return;
    note_frame(**frame);
  }
}

void Conversation::note_frame(std::string_view payload) {
  if (opening_) {
    opening_ = false;
    return;
  }
  const auto header = wire::decode_request_header(payload);
  broken_ = header.has_error();
  if (broken_) return;
  const bool ping = header->type == wire::OpCode::ping;
  asked_.push_back({ping ? Xid{wire::ping_xid} : header->xid, header->type});
  pings_ += ping ? 1 : 0;
  nameless_ = nameless_ || asked_.back().xid == Xid{wire::notification_xid} ||
              (!ping && header->xid == Xid{wire::ping_xid});
}

void Conversation::received(std::string_view bytes) {
  if (word_) return;
  heard_.append(bytes);
  for (;;) {
    const auto frame = heard_.next();
    require(frame.has_value(), "what a client is sent are frames");
    if (!*frame) return;
    on_frame(**frame);
  }
}

void Conversation::on_frame(std::string_view payload) {
  if (!shaken_) {
    const auto reply = wire::decode_connect_reply(payload);
    require(reply.has_value(), "the first frame answers the handshake");
    shaken_ = true;
    session_ = *reply;
    return;
  }
  on_reply(payload);
}

void Conversation::on_reply(std::string_view payload) {
  require(has_session(), "a client without session is told nothing more");
  const auto header = wire::decode_reply_header(payload);
  require(header.has_value(), "every frame has a header");
  if (nameless_) return;
  if (header->xid == Xid{wire::notification_xid}) {
    require(wire::decode_event(payload).has_value(), "an event is well-formed");
    return;
  }
  // A session that remembers hears of its pings out of turn, and once for several (common/wire/connect.h).
  const bool remembers = session_.remember.value_or(0) > 0;
  if (remembers && header->xid == Xid{wire::ping_xid})
    return require(++pings_answered_ <= pings_, "no more pings are answered than were sent");
  while (remembers && !asked_.empty() && asked_.front().type == wire::OpCode::ping) asked_.pop_front();
  require(!asked_.empty() && asked_.front().xid == header->xid, "requests are answered in order, each once");
  const wire::OpCode type = asked_.front().type;
  asked_.pop_front();
  if (header->error != ErrorCode::ok) return;
  require(wire::is_client_operation(type), "what no client may ask fails");
  // A session that remembers answers an xid that comes again with its first outcome, whatever is asked this time.
  require(remembers || wire::decode_reply_body(type, payload).has_value(), "a reply is well-formed");
}

}  // namespace muster::fuzz
