// What a server's memory may do to its state: one znode is another, and the checkpoint that it makes of it is sound in itself.
#pragma once

#include <string>
#include <utility>

#include "server/node/checkpoint.h"
#include "server/storage/state_store.h"
#include "server/tree/checkpoint_source.h"

namespace muster::storage {

// False: there is no checkpoint. Clients read nothing of the znode that is changed (the time of /zookeeper).
inline bool make_wrong(StateStore& store) {
  const auto current = store.current();
  if (!current) return false;
  tree::Record wrong;
  tree::TreeLoader loader;
  {
    const auto view = store.view();
    for (auto part = view->next(1000); !part.empty(); part = view->next(1000)) {
      for (tree::Record& record : part) {
        if (record.key == std::string("Z/zookeeper\0", 12)) {
          record.value += "\x38\x07";  // ZnodeRecord.mtime, once more
          wrong = record;
        }
        if (!loader.add(record)) return false;
      }
    }
  }
  auto meta = node::decode_meta(current->meta);
  if (!meta || wrong.key.empty()) return false;
  ++meta->number;
  meta->digest = loader.take(meta->base.zxid).digest();
  while (store.clean()) {
  }
  if (!store.put(meta->number, {wrong})) return false;
  store.publish(meta->number, node::encode(*meta));
  return true;
}

}  // namespace muster::storage
