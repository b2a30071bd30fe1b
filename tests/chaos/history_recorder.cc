#include "tests/chaos/history_recorder.h"

#include <fmt/core.h>

#include <stdexcept>
#include <utility>

namespace muster::chaos {
namespace {

using bench::Time;
using checkers::Kind;
using checkers::Operation;
using checkers::Outcome;

std::string path_of(std::int64_t key) { return fmt::format("{}/{}", directory, key); }

Outcome outcome_of(ErrorCode error) {
  switch (error) {
    case ErrorCode::ok:
      return Outcome::ok;
    case ErrorCode::no_node:
      return Outcome::no_node;
    case ErrorCode::node_exists:
      return Outcome::node_exists;
    case ErrorCode::bad_version:
      return Outcome::bad_version;
    default:
      return Outcome::unknown;
  }
}

wire::OpCode type_of(Kind kind) {
  switch (kind) {
    case Kind::create:
      return wire::OpCode::create2;
    case Kind::set:
      return wire::OpCode::set_data;
    case Kind::remove:
      return wire::OpCode::remove;
    case Kind::read:
    case Kind::synced_read:
      break;
  }
  return wire::OpCode::get_data;
}

void note_stat(Operation& op, const Stat& stat) {
  op.version = stat.version;
  op.czxid = stat.czxid.value;
  op.mzxid = stat.mzxid.value;
}

void note_body(Operation& op, std::string_view bytes) {
  const auto body = wire::decode_reply_body(type_of(op.kind), bytes);
  if (!body) throw std::runtime_error("a server's answer can't be read: " + body.error().message);
  if (const auto* data = std::get_if<wire::GetDataReply>(&*body)) {
    op.value = std::stoll(data->data.value_or("0"));
    note_stat(op, data->stat);
  } else if (const auto* created = std::get_if<wire::Create2Reply>(&*body)) {
    note_stat(op, created->stat);
  } else if (const auto* set = std::get_if<wire::StatReply>(&*body)) {
    note_stat(op, set->stat);
  }
}

}  // namespace

Record::Record(const std::string& file, std::size_t padding)
    : file_(file), padding_(padding == 0 ? "" : " " + std::string(padding - 1, '.')) {
  if (!file_) throw std::runtime_error(file + " can't be written");
}

std::int64_t Record::number_of(SessionId session) {
  return sessions_.try_emplace(session, static_cast<std::int64_t>(sessions_.size())).first->second;
}

void Record::heard(const Operation& op) {
  file_ << checkers::print(op) << "\n";
  ++recorded_;
  if (op.outcome == Outcome::unknown) {
    ++unknown_;
    if (!op.is_read()) ++unknown_of_[op.key];
  }
  if (op.outcome == Outcome::ok && op.kind != Kind::remove) versions_[op.key] = op.version;
}

std::int32_t Record::version_of(std::int64_t key) const {
  const auto at = versions_.find(key);
  return at == versions_.end() ? -1 : at->second;
}

std::int64_t Record::unknown_of(std::int64_t key) const {
  const auto at = unknown_of_.find(key);
  return at == unknown_of_.end() ? 0 : at->second;
}

std::string Record::summary() const {
  return fmt::format(R"("operations": {}, "unknown": {}, "sessions": {})", recorded_, unknown_,
                     sessions_.size());
}

void Recorder::answered(bench::Connection& connection, const bench::Answer& answer) {
  auto& asked = asked_[connection.index()];
  const Asked first = std::move(asked.front());
  asked.pop_front();
  if (first.what == What::other) return other(connection, answer.error);
  if (first.what == What::sync_before_it) {
    if (answer.error != ErrorCode::ok) asked.front().op.kind = Kind::read;
    return;
  }
  Operation op = first.op;
  op.outcome = outcome_of(answer.error);
  if (op.outcome != Outcome::unknown) {
    op.returned = answer.at / bench::microsecond;
    op.zxid = answer.zxid.value;
  }
  if (op.outcome == Outcome::unknown) record_.refused(answer.at);
  if (op.outcome == Outcome::ok) note_body(op, answer.body);
  record_.heard(op);
}

void Recorder::lost(bench::Connection& connection, Time /*now*/) {
  for (const Asked& each : asked_[connection.index()])
    if (each.what == What::operation) record_.heard(each.op);
  asked_[connection.index()].clear();
}

void Recorder::ask(bench::Loop& loop, bench::Connection& connection, Operation op) {
  op.session = record_.number_of(connection.session());
  op.called = bench::Loop::now() / bench::microsecond;
  auto& asked = asked_[connection.index()];
  if (op.kind == Kind::synced_read) {
    connection.send(wire::SyncRequest{path_of(op.key)}, {});
    asked.push_back({What::sync_before_it, {}});
  }
  connection.send(request_of(op), {});
  asked.push_back({What::operation, op});
  loop.touch(connection);
}

void Recorder::ask_other(bench::Loop& loop, bench::Connection& connection, const wire::Request& request) {
  connection.send(request, {});
  asked_[connection.index()].push_back({What::other, {}});
  loop.touch(connection);
}

wire::Request Recorder::request_of(const Operation& op) const {
  switch (op.kind) {
    case Kind::create: {
      wire::CreateRequest create;
      create.type = type_of(op.kind);
      create.path = path_of(op.key);
      create.data = record_.text_of(op.value);
      create.acl = open_acl();
      return create;
    }
    case Kind::set:
      return wire::SetDataRequest{path_of(op.key), record_.text_of(op.value), op.expected};
    case Kind::remove:
      return wire::DeleteRequest{path_of(op.key), op.expected};
    case Kind::read:
    case Kind::synced_read:
      break;
  }
  return wire::GetDataRequest{path_of(op.key), false};
}

}  // namespace muster::chaos
