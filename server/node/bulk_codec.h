// The two messages between servers that carry clients' writes, read and written by hand (common/proto_wire.h): entries and commands stay
// where they came, parts of one block. Used by peer_codec alone, which knows all others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "proto/peer.pb.h"
#include "server/broadcast/message.h"

namespace muster::node {

// What a message may say. Far above anything real and far from where adding one overflows.
inline constexpr std::int64_t max_peer_number = std::int64_t{1} << 60;
// A client's longest frame (32 MiB at most) with its identities fits well; a record of the log and a frame between servers (64 MiB)
// take what is this long, with all that is around it.
inline constexpr std::size_t max_command_bytes = std::size_t{48} * 1024 * 1024;

[[nodiscard]] proto::Disk to_wire(broadcast::Disk disk);
// Of a server that says nothing of it, or what this version does not know: well.
[[nodiscard]] broadcast::Disk from_wire(std::int64_t disk);

// A whole PeerMessage, appended to `out`.
void append_bulk(std::string& out, Epoch epoch, const broadcast::Append& append);
void append_bulk(std::string& out, Epoch epoch, const broadcast::Forward& forward);

// Nothing: `bytes` are another message, or none.
[[nodiscard]] std::optional<Result<broadcast::Message>> decode_bulk(std::string_view bytes);

}  // namespace muster::node
