// What a checkpoint is of, and the work that making one is for the store. Records: server/tree/record.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/result.h"
#include "server/broadcast/base.h"
#include "server/tree/record.h"
#include "server/tree/tree.h"

namespace muster::node {

using CheckpointTicket = std::uint64_t;

// What the store keeps beside a checkpoint's records. Bytes: Checkpoint of proto/state.proto, by checkpoint_codec.
struct Meta {
  std::uint64_t number = 0;
  broadcast::Base base;
  std::uint64_t digest = 0;  // of the tree at base.zxid
  std::uint32_t semantics = 1;
  friend bool operator==(const Meta&, const Meta&) = default;
};
[[nodiscard]] std::string encode(const Meta& meta);
[[nodiscard]] Result<Meta> decode_meta(std::string_view bytes);

// When a checkpoint is due: the log has grown by this much since the last one.
struct CheckpointLimits {
  std::size_t entries = 100'000;
  std::size_t bytes = 64 * 1024 * 1024;
  std::size_t part_bytes = 256 * 1024;  // of records, collected in one step and put in one batch
  // Copies of what changed before it was collected; beyond it the checkpoint is given up and made anew, as a whole.
  std::size_t max_kept_bytes = 64 * 1024 * 1024;
  std::int64_t retry_ms = 10'000;  // after one that was given up, or found no room on the disk
};

// One unit of work for the store (storage::StateStore): its call of that name.
struct CheckpointWork {
  struct Put {
    std::vector<tree::Record> records;
  };
  struct Publish {
    std::string meta;
  };
  struct Clean {};
  CheckpointTicket ticket = 0;
  std::uint64_t number = 0;  // of the checkpoint; of no meaning for Clean
  std::variant<Put, Publish, Clean> step;
};
enum class CheckpointResult : std::uint8_t {
  done,
  more,     // of Clean: there is more to be cleaned
  no_room,  // of Put: nothing was written
};
// Does it. (The store's type is a parameter because a node knows of no disk.)
template <class StateStore>
[[nodiscard]] CheckpointResult perform(const CheckpointWork& work, StateStore& store) {
  if (const auto* put = std::get_if<CheckpointWork::Put>(&work.step))
    return store.put(work.number, put->records) ? CheckpointResult::done : CheckpointResult::no_room;
  if (const auto* publish = std::get_if<CheckpointWork::Publish>(&work.step)) {
    store.publish(work.number, publish->meta);
    return CheckpointResult::done;
  }
  return store.clean() ? CheckpointResult::more : CheckpointResult::done;
}

// A checkpoint that was read back, and is what it says.
struct LoadedCheckpoint {
  Meta meta;
  tree::Tree tree;
};
// `next` gives its records in the order of their keys, in parts; an empty one is the end. An error is one sentence: the store holds
// something else, and is to be thrown away.
[[nodiscard]] Result<LoadedCheckpoint> load_checkpoint(std::string_view meta,
                                                       const std::function<tree::PackedRecords()>& next);

}  // namespace muster::node
