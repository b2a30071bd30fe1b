#include "server/node/backups.h"

#include <algorithm>

#include "server/node/checkpoint.h"

namespace muster::node {

bool Backups::begin(Waiter who) {
  drop(who.connection);
  if (views_.size() >= limits_.max_views) {
    answers_.push_back({who, {ErrorCode::throttled_op, {}}});
    return false;
  }
  View view;
  view.id = ++last_id_;
  view.waiter = who;
  views_.emplace(who.connection, view);
  return true;
}

bool Backups::passed(Waiter who, Zxid applied) {
  const auto found = views_.find(who.connection);
  if (found == views_.end() || found->second.waiter.slot != who.slot || found->second.waiter.connection == 0)
    return false;
  found->second.needed = applied;
  checkpoint(checkpoint_);
  return true;
}

void Backups::checkpoint(Zxid zxid) {
  checkpoint_ = zxid;
  for (auto& [connection, view] : views_) {
    if (view.opening || view.open || !view.needed || *view.needed > zxid) continue;
    view.opening = true;
    reads_.push_back({view.id, StateRead::Open{}});
  }
}

bool Backups::wants_checkpoint() const {
  return std::any_of(views_.begin(), views_.end(), [](const auto& each) {
    return each.second.needed && !each.second.opening && !each.second.open;
  });
}

void Backups::opened(TransferId id, const std::string& bytes, std::size_t znodes) {
  View* view = find(id);
  if (view == nullptr) return;
  view->opening = false;
  const auto meta = decode_meta(bytes);
  view->open = true;
  if (!meta || meta->base.zxid < *view->needed) return give_up(*view);  // what the store held is gone
  wire::BackupBegunReply begun;
  begun.zxid = meta->base.zxid;
  begun.epoch = meta->base.epoch;
  begun.digest = meta->digest;
  begun.cluster_id = meta->base.founding.cluster_id;
  begun.znodes = static_cast<std::int64_t>(znodes);
  answer(*view, ErrorCode::ok, std::move(begun));
}

void Backups::next(Waiter who, std::int32_t max_bytes) {
  const auto found = views_.find(who.connection);
  // One at a time: whoever asks again before the answer has no view that could be read in order.
  if (found == views_.end() || !found->second.open || found->second.waiter.connection != 0 || max_bytes <= 0)
    return answers_.push_back({who, {ErrorCode::bad_arguments, {}}});
  found->second.waiter = who;
  reads_.push_back(
      {found->second.id, StateRead::Next{std::min(static_cast<std::size_t>(max_bytes), limits_.max_bytes)}});
}

void Backups::read(TransferId id, std::vector<tree::Record> records) {
  View* view = find(id);
  if (view == nullptr) return;
  wire::BackupRecordsReply reply;
  reply.records.reserve(2 * records.size());
  for (tree::Record& record : records) {
    reply.records.push_back(std::move(record.key));
    reply.records.push_back(std::move(record.value));
  }
  answer(*view, ErrorCode::ok, std::move(reply));
}

void Backups::drop(frontend::ConnId connection) {
  const auto found = views_.find(connection);
  if (found == views_.end()) return;
  if (found->second.opening || found->second.open) reads_.push_back({found->second.id, StateRead::Close{}});
  views_.erase(found);
}

void Backups::give_up(View& view) {
  const Waiter who = view.waiter;
  answer(view, ErrorCode::system_error);
  drop(who.connection);
}

void Backups::answer(View& view, ErrorCode error, wire::ReplyBody body) {
  answers_.push_back({std::exchange(view.waiter, {}), {error, std::move(body)}});
}

Backups::View* Backups::find(TransferId id) {
  for (auto& [connection, view] : views_)
    if (view.id == id) return &view;
  return nullptr;
}

}  // namespace muster::node
