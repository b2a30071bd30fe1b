#include "server/tree/checkpoint_source.h"

#include <optional>
#include <utility>

#include "server/tree/record_codec.h"
#include "server/tree/state.h"

namespace muster::tree {

void CheckpointSource::begin() {
  tree_.state_->nodes.begin_collection();
  tree_.state_->sessions.begin_collection();
}

CheckpointSource::Part CheckpointSource::next(std::size_t max_bytes) {
  Slice slice;
  slice.max_bytes = max_bytes;
  const bool sessions = tree_.state_->sessions.collect(slice);
  const bool nodes = tree_.state_->nodes.collect(slice);
  return {std::move(slice.records), sessions && nodes};
}

void CheckpointSource::published() {
  tree_.state_->nodes.changes().finish();
  tree_.state_->sessions.changes().finish();
}

void CheckpointSource::abandon() {
  tree_.state_->nodes.changes().abandon();
  tree_.state_->sessions.changes().abandon();
}

std::size_t CheckpointSource::kept_bytes() const {
  return tree_.state_->nodes.changes().kept_bytes() + tree_.state_->sessions.changes().kept_bytes();
}

bool TreeLoader::add(RecordView record) {
  Tree::State& state = *tree_.state_;
  if (record.key <= last_key_) return false;
  last_key_ = record.key;
  if (is_session(record)) {
    std::optional<SessionRecord> session = decode_session(record);
    return session && state.sessions.restore(std::move(*session));
  }
  static const std::vector<Acl> usual_acl = open_acl();
  std::optional<NodeRecord> node = decode_node(record);
  if (!node) return false;
  const SessionId owner = node->node.owner();
  const NodeId id = restoring_.add(state.nodes, node->path, node->data, std::move(node->node),
                                   node->acl ? *node->acl : usual_acl);
  if (id == no_node) return false;
  if (state.nodes.at(id).kind != NodeKind::ephemeral) return true;
  if (state.sessions.find(owner) == nullptr) return false;
  state.sessions.add_ephemeral(owner, id);
  return true;
}

Tree TreeLoader::take(Zxid applied) {
  restoring_.finish(tree_.state_->nodes);
  tree_.state_->applied = applied;
  return std::move(tree_);
}

}  // namespace muster::tree
