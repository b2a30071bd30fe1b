#include "server/node/checkpoint.h"

#include <utility>

#include "server/tree/checkpoint_source.h"

namespace muster::node {

Result<LoadedCheckpoint> load_checkpoint(std::string_view meta_bytes,
                                         const std::function<tree::PackedRecords()>& next) {
  Result<Meta> meta = decode_meta(meta_bytes);
  if (!meta) return meta.error();
  tree::TreeLoader loader;
  for (tree::PackedRecords part = next(); !part.empty(); part = next()) {
    if (!part.all([&](tree::RecordView record) { return loader.add(record); }))
      return Error{"a record of the store does not fit to those before it"};
  }
  tree::Tree tree = loader.take(meta->base.zxid);
  if (tree.digest() != meta->digest) return Error{"the store holds another state than its checkpoint says"};
  return LoadedCheckpoint{std::move(*meta), std::move(tree)};
}

}  // namespace muster::node
