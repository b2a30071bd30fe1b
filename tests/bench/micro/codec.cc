// Bytes to values and back: of clients, of servers, of the log.
#include <string>
#include <utility>
#include <vector>

#include "common/wire/replies.h"
#include "common/wire/requests.h"
#include "server/broadcast/entry_codec.h"
#include "server/node/peer_codec.h"
#include "server/storage/log_format.h"
#include "server/tree/command.h"
#include "tests/bench/micro/micro.h"

namespace muster::bench {
namespace {

wire::SetDataRequest set() { return {"/muster/bench/key-0000000001", std::string(100, 'x'), -1}; }

tree::Command command() { return {SessionId{1}, Zxid{1}, Xid{1}, {{"ip", "127.0.0.1"}}, set()}; }

broadcast::Entry entry(std::int64_t zxid) {
  broadcast::Entry entry;
  entry.epoch = Epoch{1};
  entry.zxid = Zxid{zxid};
  entry.time_ms = 1'700'000'000'000;
  entry.forward = {ServerId{1}, 0x1234567812345678, static_cast<std::uint64_t>(zxid)};
  entry.payload = SharedBytes(encode(command()));
  return entry;
}

node::PeerMessage append_of(std::int64_t entries) {
  broadcast::Append append;
  for (std::int64_t zxid = 1; zxid <= entries; ++zxid) append.entries.push_back(entry(zxid));
  return broadcast::Message{Epoch{1}, std::move(append)};
}
constexpr std::int64_t entries_of_append = 100;

void decode_request(benchmark::State& state) {
  const std::string frame = wire::encode_request(Xid{1}, set());
  for (auto _ : state) {
    std::string_view payload = std::string_view(frame).substr(4);
    const auto header = wire::decode_request_header(payload);
    benchmark::DoNotOptimize(wire::decode_request(header->type, payload));
  }
}
MUSTER_MICRO(decode_request);

void encode_reply(benchmark::State& state) {
  const wire::Reply reply{ErrorCode::ok, wire::GetDataReply{std::string(100, 'x'), Stat{}}};
  std::string out;
  for (auto _ : state) {
    out.clear();
    wire::append_reply(out, Xid{1}, Zxid{1}, reply);
    benchmark::DoNotOptimize(out.data());
  }
}
MUSTER_MICRO(encode_reply);

void encode_command(benchmark::State& state) {
  const tree::Command set = command();
  for (auto _ : state) benchmark::DoNotOptimize(tree::encode(set));
}
MUSTER_MICRO(encode_command);

void decode_command(benchmark::State& state) {
  const std::string bytes = tree::encode(command());
  for (auto _ : state) benchmark::DoNotOptimize(tree::decode_command(bytes));
}
MUSTER_MICRO(decode_command);

void encode_append_of_100(benchmark::State& state) {
  const node::PeerMessage append = append_of(entries_of_append);
  std::string out;
  for (auto _ : state) {
    out.clear();
    node::append_encoded(out, append);
    benchmark::DoNotOptimize(out.data());
  }
}
MUSTER_MICRO(encode_append_of_100);

void decode_append_of_100(benchmark::State& state) {
  std::string bytes;
  node::append_encoded(bytes, append_of(entries_of_append));
  for (auto _ : state) benchmark::DoNotOptimize(node::decode_peer_message(bytes));
}
MUSTER_MICRO(decode_append_of_100);

// What the log does with an entry besides writing and syncing.
void log_append(benchmark::State& state) {
  const broadcast::Entry one = entry(1);
  std::string payload;
  std::string pending;
  for (auto _ : state) {
    payload.clear();
    broadcast::append_encoded(payload, one);
    if (pending.size() > 64 * 1024) pending.clear();
    benchmark::DoNotOptimize(storage::append_record(
        pending, 0x1234, {storage::RecordKind::entry, 7, Zxid{1}, {Zxid{0}, Zxid{0}}, payload}));
  }
}
MUSTER_MICRO(log_append);

}  // namespace
}  // namespace muster::bench
