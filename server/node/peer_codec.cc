#include "server/node/peer_codec.h"

#include <google/protobuf/arena.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "common/check.h"
#include "proto/peer.pb.h"
#include "server/node/bulk_codec.h"

namespace muster::node {
namespace {

namespace b = broadcast;

constexpr std::size_t max_cluster_id = 64;

// A message in memory that serves again: of a message with many records, none is allocated or freed by itself.
class Scratch {
 public:
  Scratch() : arena_(options()) {}
  proto::PeerMessage& message() {
    arena_.Reset();
    return *google::protobuf::Arena::CreateMessage<proto::PeerMessage>(&arena_);
  }

 private:
  google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = room_.data();
    options.initial_block_size = room_.size();
    options.max_block_size = room_.size();
    return options;
  }
  std::vector<char> room_ = std::vector<char>(std::size_t{256} * 1024);
  google::protobuf::Arena arena_;
};

proto::PeerMessage& scratch() {
  thread_local Scratch scratch;
  return scratch.message();
}

// Writing.

struct Writer {
  proto::PeerMessage& out;

  void operator()(const b::Hello& hello) const {
    proto::Hello& m = *out.mutable_hello();
    m.set_boot(hello.boot);
    m.set_cluster_id(hello.cluster_id);
    m.set_qualified(hello.qualified);
    m.set_empty(hello.empty);
    m.set_last(hello.last.value);
    m.set_last_epoch(hello.last_epoch.value);
    if (hello.state_lost) m.set_state_lost(hello.state_lost->value);
  }
  void operator()(const b::VoteRequest& request) const {
    proto::VoteRequest& m = *out.mutable_vote_request();
    m.set_pre(request.pre);
    m.set_founding(request.founding);
    m.set_transfer(request.transfer);
    m.set_standing_for(request.standing_for.value);
    m.set_last(request.last.value);
    m.set_last_epoch(request.last_epoch.value);
  }
  void operator()(const b::VoteReply& reply) const {
    proto::VoteReply& m = *out.mutable_vote_reply();
    m.set_pre(reply.pre);
    m.set_standing_for(reply.standing_for.value);
    m.set_granted(reply.granted);
  }
  void operator()(const b::AppendReply& reply) const {
    proto::AppendReply& m = *out.mutable_append_reply();
    m.set_accepted(reply.accepted);
    m.set_durable(reply.durable.value);
    m.set_hint_epoch(reply.hint_epoch.value);
    m.set_beat(reply.beat);
    m.set_counts(reply.counts);
    m.set_disk(to_wire(reply.disk));
  }
  void operator()(const b::Welcome& welcome) const {
    proto::Welcome& m = *out.mutable_welcome();
    m.set_boot(welcome.boot);
    m.set_last_n(welcome.last_n);
  }
  void operator()(const b::BarrierRequest& request) const {
    out.mutable_barrier_request()->set_id(request.id);
  }
  void operator()(const b::BarrierReply& reply) const {
    out.mutable_barrier_reply()->set_id(reply.id);
    out.mutable_barrier_reply()->set_zxid(reply.zxid.value);
  }
  void operator()(const b::StandNow&) const { out.mutable_stand_now(); }
  void operator()(const b::Append&) const { CHECK(false, "append_bulk writes it"); }
  void operator()(const b::Forward&) const { CHECK(false, "append_bulk writes it"); }

  void operator()(const b::Message& message) const {
    out.set_epoch(message.epoch.value);
    std::visit(*this, message.body);
  }

  void operator()(const TouchReport& report) const {
    proto::TouchReport& m = *out.mutable_touch_report();
    m.set_n(report.n);
    for (const SessionId session : report.sessions) m.add_sessions(session.value);
  }
  void operator()(const TouchConfirm& confirm) const { out.mutable_touch_confirm()->set_n(confirm.n); }
  void operator()(const StateOffer& offer) const {
    out.mutable_state_offer()->set_id(offer.id);
    out.mutable_state_offer()->set_meta(offer.meta);
  }
  void operator()(const StateChunk& chunk) const {
    proto::StateChunk& m = *out.mutable_state_chunk();
    m.set_id(chunk.id);
    m.set_n(chunk.n);
    for (const tree::Record& record : chunk.records) {
      proto::StateRecord& to = *m.add_records();
      to.set_key(record.key);
      to.set_value(record.value);
    }
  }
  void operator()(const StateAck& ack) const {
    out.mutable_state_ack()->set_id(ack.id);
    out.mutable_state_ack()->set_n(ack.n);
  }
  void operator()(const DigestReport& report) const {
    proto::DigestReport& m = *out.mutable_digest_report();
    for (const DigestPoint& point : report.points) {
      proto::DigestPoint& to = *m.add_points();
      to.set_zxid(point.zxid.value);
      to.set_digest(point.digest);
    }
  }
  void operator()(const StateRefusal& refusal) const { out.mutable_state_refusal()->set_id(refusal.id); }
};

// Reading. Numbers that can't be are noted in `sound` and refuse the whole message.

struct Reader {
  bool sound = true;

  std::int64_t number(std::int64_t value) {
    sound = sound && value >= 0 && value <= max_peer_number;
    return value;
  }
  std::uint64_t count(std::uint64_t value) {
    sound = sound && value <= static_cast<std::uint64_t>(max_peer_number);
    return value;
  }
  Zxid zxid(std::int64_t value) { return Zxid{number(value)}; }
  Epoch epoch(std::int64_t value) { return Epoch{number(value)}; }

  b::Hello read(proto::Hello& m) {
    sound = sound && m.cluster_id().size() <= max_cluster_id;
    b::Hello hello{m.boot(), m.cluster_id(), m.qualified(), m.empty(), zxid(m.last()), epoch(m.last_epoch()),
                   {}};
    if (m.has_state_lost()) hello.state_lost = zxid(m.state_lost());
    return hello;
  }
  b::VoteRequest read(proto::VoteRequest& m) {
    return {m.pre(),        m.founding(),         m.transfer(), epoch(m.standing_for()),
            zxid(m.last()), epoch(m.last_epoch())};
  }
  b::VoteReply read(proto::VoteReply& m) { return {m.pre(), epoch(m.standing_for()), m.granted()}; }
  b::AppendReply read(proto::AppendReply& m) {
    return {m.accepted(), zxid(m.durable()), epoch(m.hint_epoch()),
            m.beat(),     m.counts(),        from_wire(m.disk())};
  }
  b::Welcome read(proto::Welcome& m) { return {m.boot(), count(m.last_n())}; }
  b::BarrierRequest read(proto::BarrierRequest& m) { return {m.id()}; }
  b::BarrierReply read(proto::BarrierReply& m) { return {m.id(), zxid(m.zxid())}; }
  TouchReport read(proto::TouchReport& m) {
    TouchReport report{m.n(), {}};
    report.sessions.reserve(static_cast<std::size_t>(m.sessions_size()));
    for (const std::int64_t session : m.sessions()) report.sessions.push_back(SessionId{session});
    return report;
  }
  StateOffer read(proto::StateOffer& m) { return {m.id(), std::move(*m.mutable_meta())}; }
  StateChunk read(proto::StateChunk& m) {
    StateChunk chunk{m.id(), m.n(), {}};
    chunk.records.reserve(static_cast<std::size_t>(m.records_size()));
    for (proto::StateRecord& record : *m.mutable_records())
      chunk.records.push_back({std::move(*record.mutable_key()), std::move(*record.mutable_value())});
    return chunk;
  }
  StateAck read(proto::StateAck& m) { return {m.id(), m.n()}; }
  StateRefusal read(proto::StateRefusal& m) { return {m.id()}; }
  DigestReport read(proto::DigestReport& m) {
    DigestReport report;
    report.points.reserve(static_cast<std::size_t>(m.points_size()));
    for (const proto::DigestPoint& point : m.points())
      report.points.push_back({zxid(point.zxid()), point.digest()});
    return report;
  }
};

}  // namespace

void append_encoded(std::string& out, const PeerMessage& message) {
  if (const auto* core = std::get_if<b::Message>(&message)) {
    if (const auto* append = std::get_if<b::Append>(&core->body))
      return append_bulk(out, core->epoch, *append);
    if (const auto* forward = std::get_if<b::Forward>(&core->body))
      return append_bulk(out, core->epoch, *forward);
  }
  proto::PeerMessage& m = scratch();
  std::visit(Writer{m}, message);
  m.AppendToString(&out);
}

Result<PeerMessage> decode_peer_message(std::string_view bytes) {
  if (auto bulk = decode_bulk(bytes)) {
    if (!*bulk) return bulk->error();
    return PeerMessage(std::move(**bulk));
  }
  proto::PeerMessage& m = scratch();
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !m.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return Error{"a message between servers is not what proto/peer.proto says"};

  Reader reader;
  b::Message message;
  message.epoch = reader.epoch(m.epoch());
  PeerMessage result;
  switch (m.body_case()) {
    case proto::PeerMessage::kHello:
      message.body = reader.read(*m.mutable_hello());
      break;
    case proto::PeerMessage::kVoteRequest:
      message.body = reader.read(*m.mutable_vote_request());
      break;
    case proto::PeerMessage::kVoteReply:
      message.body = reader.read(*m.mutable_vote_reply());
      break;
    case proto::PeerMessage::kAppendReply:
      message.body = reader.read(*m.mutable_append_reply());
      break;
    case proto::PeerMessage::kWelcome:
      message.body = reader.read(*m.mutable_welcome());
      break;
    case proto::PeerMessage::kBarrierRequest:
      message.body = reader.read(*m.mutable_barrier_request());
      break;
    case proto::PeerMessage::kBarrierReply:
      message.body = reader.read(*m.mutable_barrier_reply());
      break;
    case proto::PeerMessage::kStandNow:
      message.body = b::StandNow{};
      break;
    case proto::PeerMessage::kTouchReport:
      result = reader.read(*m.mutable_touch_report());
      break;
    case proto::PeerMessage::kTouchConfirm:
      result = TouchConfirm{m.touch_confirm().n()};
      break;
    case proto::PeerMessage::kStateOffer:
      result = reader.read(*m.mutable_state_offer());
      break;
    case proto::PeerMessage::kStateChunk:
      result = reader.read(*m.mutable_state_chunk());
      break;
    case proto::PeerMessage::kStateAck:
      result = reader.read(*m.mutable_state_ack());
      break;
    case proto::PeerMessage::kStateRefusal:
      result = reader.read(*m.mutable_state_refusal());
      break;
    case proto::PeerMessage::kDigestReport:
      result = reader.read(*m.mutable_digest_report());
      break;
    case proto::PeerMessage::kAppend:
    case proto::PeerMessage::kForward:
    case proto::PeerMessage::kIntroduction:
    case proto::PeerMessage::BODY_NOT_SET:
      return Error{"a message between servers says nothing that is understood here"};
  }
  if (!reader.sound) return Error{"a message between servers holds a number that can't be"};
  if (m.body_case() < proto::PeerMessage::kTouchReport) result = std::move(message);
  return result;
}

}  // namespace muster::node
