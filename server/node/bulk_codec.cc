#include "server/node/bulk_codec.h"

#include <utility>

#include "common/proto_wire.h"
#include "server/broadcast/entry_codec.h"
#include "server/tree/tree.h"

namespace muster::node {
namespace {

namespace b = broadcast;
namespace w = proto_wire;

using Top = proto::PeerMessage;
using AppendField = proto::Append;
using ForwardField = proto::Forward;

Error impossible() { return Error{"a message between servers holds a number that can't be"}; }
Error unreadable() { return Error{"a message between servers is not what proto/peer.proto says"}; }

std::size_t count_fields(std::string_view bytes, int field) {
  std::size_t count = 0;
  for (w::Reader reader(bytes); reader.next();) count += reader.field() == field ? 1 : 0;
  return count;
}

// Notes in `sound` what can't be.
struct Numbers {
  bool sound = true;
  std::int64_t number(std::uint64_t value) {
    sound = sound && value <= static_cast<std::uint64_t>(max_peer_number);
    return static_cast<std::int64_t>(value);
  }
};

// What `one` says of an entry must be possible, too.
bool read_entry(const SharedBytes& all, std::string_view one, b::Entry& entry) {
  auto view = b::view_entry(one);
  if (!view) return false;
  entry = std::move(view->entry);
  entry.payload = all.part(view->payload);
  const auto possible = [](std::int64_t number) { return number <= max_peer_number; };
  return possible(entry.epoch.value) && possible(entry.zxid.value) &&
         entry.forward.n <= static_cast<std::uint64_t>(max_peer_number) && entry.semantics >= 1 &&
         entry.semantics <= tree::newest_semantics && entry.payload.size() <= max_command_bytes;
}

Result<b::Append> read_append(std::string_view bytes) {
  const SharedBytes all(bytes);
  b::Append append;
  append.entries.reserve(count_fields(bytes, AppendField::kEntriesFieldNumber));
  append.disks = b::Disk::well;
  Numbers numbers;
  w::Reader reader(all.view());
  while (reader.next()) {
    switch (reader.field()) {
      case AppendField::kPrevFieldNumber:
        append.prev = Zxid{numbers.number(reader.number())};
        break;
      case AppendField::kPrevEpochFieldNumber:
        append.prev_epoch = Epoch{numbers.number(reader.number())};
        break;
      case AppendField::kEntriesFieldNumber:
        if (!read_entry(all, reader.bytes(), append.entries.emplace_back())) return impossible();
        break;
      case AppendField::kCommitFieldNumber:
        append.commit = Zxid{numbers.number(reader.number())};
        break;
      case AppendField::kBeatFieldNumber:
        append.beat = reader.number();
        break;
      case AppendField::kEstablishedFieldNumber:
        append.established = reader.number() != 0;
        break;
      case AppendField::kDisksFieldNumber:
        append.disks = from_wire(static_cast<std::int64_t>(reader.number()));
        break;
    }
  }
  if (!reader.ok()) return unreadable();
  if (!numbers.sound) return impossible();
  return append;
}

Result<b::Forward> read_forward(std::string_view bytes) {
  const SharedBytes all(bytes);
  b::Forward forward;
  forward.commands.reserve(count_fields(bytes, ForwardField::kCommandsFieldNumber));
  Numbers numbers;
  w::Reader reader(all.view());
  while (reader.next()) {
    switch (reader.field()) {
      case ForwardField::kBootFieldNumber:
        forward.boot = reader.fixed64();
        break;
      case ForwardField::kNFieldNumber:
        forward.n = static_cast<std::uint64_t>(numbers.number(reader.number()));
        break;
      case ForwardField::kCommandsFieldNumber:
        if (reader.bytes().size() > max_command_bytes) return impossible();
        forward.commands.push_back(all.part(reader.bytes()));
        break;
    }
  }
  if (!reader.ok()) return unreadable();
  if (!numbers.sound) return impossible();
  return forward;
}

template <class Body>
Result<b::Message> message_of(Epoch epoch, Result<Body> body) {
  if (!body) return body.error();
  return b::Message{epoch, std::move(*body)};
}

}  // namespace

proto::Disk to_wire(b::Disk disk) {
  switch (disk) {
    case b::Disk::absent:
      return proto::ABSENT;
    case b::Disk::full:
      return proto::FULL;
    case b::Disk::stalled:
      return proto::STALLED;
    case b::Disk::well:
      break;
  }
  return proto::WELL;
}

b::Disk from_wire(std::int64_t disk) {
  switch (disk) {
    case proto::ABSENT:
      return b::Disk::absent;
    case proto::FULL:
      return b::Disk::full;
    case proto::STALLED:
      return b::Disk::stalled;
    default:
      return b::Disk::well;
  }
}

void append_bulk(std::string& out, Epoch epoch, const b::Append& append) {
  std::size_t bytes = 0;
  for (const b::Entry& entry : append.entries) bytes += b::size_of(entry);
  out.reserve(out.size() + bytes);
  w::put_number(out, Top::kEpochFieldNumber, epoch.value);
  w::put_message(out, Top::kAppendFieldNumber, [&](std::string& body) {
    w::put_number(body, AppendField::kPrevFieldNumber, append.prev.value);
    w::put_number(body, AppendField::kPrevEpochFieldNumber, append.prev_epoch.value);
    for (const b::Entry& entry : append.entries)
      b::append_field(body, AppendField::kEntriesFieldNumber, entry);
    w::put_number(body, AppendField::kCommitFieldNumber, append.commit.value);
    w::put_number(body, AppendField::kBeatFieldNumber, append.beat);
    w::put_number(body, AppendField::kEstablishedFieldNumber, std::uint64_t{append.established});
    w::put_number(body, AppendField::kDisksFieldNumber, std::int64_t{to_wire(append.disks)});
  });
}

void append_bulk(std::string& out, Epoch epoch, const b::Forward& forward) {
  w::put_number(out, Top::kEpochFieldNumber, epoch.value);
  w::put_message(out, Top::kForwardFieldNumber, [&](std::string& body) {
    w::put_fixed64(body, ForwardField::kBootFieldNumber, forward.boot);
    w::put_number(body, ForwardField::kNFieldNumber, forward.n);
    for (const SharedBytes& command : forward.commands)
      w::put_bytes(body, ForwardField::kCommandsFieldNumber, command.view());
  });
}

std::optional<Result<b::Message>> decode_bulk(std::string_view bytes) {
  w::Reader reader(bytes);
  Numbers numbers;
  Epoch epoch;
  int body = 0;
  std::string_view content;
  while (reader.next()) {
    if (reader.field() == Top::kEpochFieldNumber) epoch = Epoch{numbers.number(reader.number())};
    if (reader.field() != Top::kAppendFieldNumber && reader.field() != Top::kForwardFieldNumber) continue;
    if (body != 0 || !reader.is(w::Type::bytes)) return unreadable();
    body = reader.field();
    content = reader.bytes();
  }
  if (!reader.ok() || body == 0) return std::nullopt;
  if (!numbers.sound) return impossible();
  if (body == Top::kAppendFieldNumber) return message_of(epoch, read_append(content));
  return message_of(epoch, read_forward(content));
}

}  // namespace muster::node
