#include "server/storage/state_codec.h"

#include "common/check.h"
#include "common/crc32c.h"
#include "common/little_endian.h"
#include "proto/state.pb.h"

namespace muster::storage {
namespace {

constexpr std::string_view kVoteMagic = "mvt1";
constexpr std::string_view kIdentityMagic = "mid1";
constexpr std::size_t kHeadBytes = 12;

std::uint32_t checksum(std::string_view message) {
  std::string length;
  append_le(length, static_cast<std::uint32_t>(message.size()));
  return crc32c(crc32c(0, length), message);
}

std::string sealed(std::string_view magic, const std::string& message) {
  CHECK(kHeadBytes + message.size() <= kStateBlockBytes, "small state fits its block");
  std::string block(magic);
  append_le(block, static_cast<std::uint32_t>(message.size()));
  append_le(block, checksum(message));
  block += message;
  block.resize(kStateBlockBytes, '\0');
  return block;
}

std::optional<std::string_view> opened(std::string_view magic, std::string_view block) {
  if (block.size() < kHeadBytes || !block.starts_with(magic)) return std::nullopt;
  const std::size_t length = read_le<std::uint32_t>(block, 4);
  if (length > block.size() - kHeadBytes) return std::nullopt;
  const std::string_view message = block.substr(kHeadBytes, length);
  if (read_le<std::uint32_t>(block, 8) != checksum(message)) return std::nullopt;
  return message;
}

template <class Message>
std::optional<Message> parsed(std::string_view magic, std::string_view block) {
  const auto bytes = opened(magic, block);
  Message message;
  if (!bytes || !message.ParseFromArray(bytes->data(), static_cast<int>(bytes->size()))) return std::nullopt;
  return message;
}

}  // namespace

std::string encode(const SequencedHardState& state) {
  proto::HardState message;
  message.set_sequence(state.sequence);
  message.set_epoch(state.state.epoch.value);
  message.set_vote(state.state.vote.value);
  message.set_qualified(state.state.qualified);
  message.set_no_vote_through(state.state.no_vote_through.value);
  return sealed(kVoteMagic, message.SerializeAsString());
}

std::string encode(const Identity& identity) {
  proto::Identity message;
  message.set_server(identity.server.value);
  message.set_cluster_id(identity.cluster_id);
  message.set_state_at_least(identity.state_at_least.value);
  return sealed(kIdentityMagic, message.SerializeAsString());
}

std::optional<SequencedHardState> decode_hard_state(std::string_view block) {
  const auto message = parsed<proto::HardState>(kVoteMagic, block);
  if (!message) return std::nullopt;
  SequencedHardState state;
  state.sequence = message->sequence();
  state.state.epoch = Epoch{message->epoch()};
  state.state.vote = ServerId{message->vote()};
  state.state.qualified = message->qualified();
  state.state.no_vote_through = Epoch{message->no_vote_through()};
  return state;
}

std::optional<Identity> decode_identity(std::string_view block) {
  const auto message = parsed<proto::Identity>(kIdentityMagic, block);
  if (!message) return std::nullopt;
  return Identity{ServerId{message->server()}, message->cluster_id(), Zxid{message->state_at_least()}};
}

}  // namespace muster::storage
