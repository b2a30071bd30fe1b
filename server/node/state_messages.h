// How a leader gives a follower a whole state: what they say to each other, and what each asks of its store.
//
//   leader                                   follower
//     view of its newest checkpoint
//     StateOffer(id, meta)          ->         a second store is begun beside its own
//     StateChunk(id, 1), (id, 2) …  ->         written, one after the other
//                                   <-         StateAck(id, n): written through n
//     StateChunk(id, last), empty   ->         all there, digest as in the meta: durable, switched in; starts again with it
//
// At most max_chunks_ahead chunks are under way. A link that breaks, another leader or a StateRefusal ends it; then it begins anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "server/tree/record.h"

namespace muster::node {

using TransferId = std::uint64_t;  // the sender's; never used again by its process

struct StateOffer {
  TransferId id = 0;
  std::string meta;  // a checkpoint's Meta
  friend bool operator==(const StateOffer&, const StateOffer&) = default;
};
struct StateChunk {
  TransferId id = 0;
  std::uint64_t n = 0;                // 1, 2, 3, …
  std::vector<tree::Record> records;  // in the order of their keys; none: that was all
  friend bool operator==(const StateChunk&, const StateChunk&) = default;
};
struct StateAck {
  TransferId id = 0;
  std::uint64_t n = 0;
  friend bool operator==(const StateAck&, const StateAck&) = default;
};
struct StateRefusal {
  TransferId id = 0;
  friend bool operator==(const StateRefusal&, const StateRefusal&) = default;
};

struct TransferLimits {
  std::size_t chunk_bytes = 256 * 1024;
  std::uint64_t max_chunks_ahead = 4;
  std::int64_t retry_ms = 1000;  // after a refusal
};

// What the sender asks of its store, by transfer. Every Open and Next is answered, in order.
struct StateRead {
  struct Open {};  // a view of the current checkpoint, kept under the transfer's id
  struct Next {    // its next records
    std::size_t max_bytes = 0;
  };
  struct Close {};  // it is needed no more; one that is not there is closed already
  TransferId id = 0;
  std::variant<Open, Next, Close> step;
};

// What the receiver asks: of storage::StateInstaller what they are called by.
struct StateWrite {
  struct Begin {};  // forgets one begun before
  struct Put {
    std::vector<tree::Record> records;
  };
  struct Finish {
    std::uint64_t number = 0;
    std::string meta;
  };
  struct Drop {};
  std::uint64_t ticket = 0;
  std::variant<Begin, Put, Finish, Drop> step;
};

}  // namespace muster::node
