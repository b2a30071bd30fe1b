#include <muster/path.h>
#include <muster/recipes/tree_cache.h>

#include <utility>

#include "client/recipes/following.h"
#include "client/recipes/tree_follower.h"

namespace muster::recipes {

const Value* TreeState::find(std::string_view path) const {
  const auto at = nodes.find(path);
  return at == nodes.end() ? nullptr : at->second.get();
}

std::vector<std::string> TreeState::children(std::string_view path) const {
  const std::string prefix = path == "/" ? "/" : std::string(path) + "/";
  std::vector<std::string> names;
  auto at = nodes.upper_bound(prefix);
  while (at != nodes.end() && at->first.starts_with(prefix)) {
    const std::string_view name = std::string_view(at->first).substr(prefix.size());
    const std::size_t end = name.find('/');
    if (end == std::string_view::npos) {
      names.emplace_back(name);
      ++at;
    } else {
      // What is below a child: to behind it ('0' follows '/').
      at = nodes.lower_bound(prefix + std::string(name.substr(0, end)) + "0");
    }
  }
  return names;
}

std::vector<WatchedEvent> difference(const TreeState& from, const TreeState& to) {
  std::vector<WatchedEvent> changes;
  auto old = from.nodes.begin();
  for (const auto& [path, node] : to.nodes) {
    for (; old != from.nodes.end() && old->first < path; ++old)
      changes.push_back({EventType::node_deleted, old->first});
    if (old == from.nodes.end() || old->first != path) {
      changes.push_back({EventType::node_created, path});
      continue;
    }
    if (old->second != node) changes.push_back({EventType::data_changed, path});
    ++old;
  }
  for (; old != from.nodes.end(); ++old) changes.push_back({EventType::node_deleted, old->first});
  return changes;
}

// Drives a TreeFollower.
class TreeCache::Follower : public Following {
 public:
  Follower(const Client& client, std::string root)
      : Following(client), root_(std::move(root)), follower_(root_) {}

  // The watch first: what changes while the tree is read is told.
  void begin() {
    ask([this](const Client& client) {
      client.async_watch(root_, WatchMode::recursive,
                         on_strand([this](error_code error, WatchStream& stream) {
                           if (error) return end(error);
                           listen(hold(std::move(stream)));
                           pump();
                         }));
    });
  }

  [[nodiscard]] std::shared_ptr<const Value> get(std::string_view path) const {
    const auto guard = lock();
    const auto at = published_.nodes.find(path);
    return at == published_.nodes.end() ? nullptr : at->second;
  }

  [[nodiscard]] std::shared_ptr<const TreeState> state() {
    const auto guard = lock();
    if (copy_->revision != published_.revision) copy_ = std::make_shared<const TreeState>(published_);
    return copy_;
  }

 private:
  // Events are handled before answers that came after them: each is posted to the strand when it comes, or as soon as the one
  // before it is handled; and what that one tells of must be read before anything is settled.
  // The handler must not keep the stream that keeps it.
  void listen(const std::weak_ptr<const WatchStream>& watch) {
    const auto stream = watch.lock();
    if (!stream) return;  // stopped
    stream->async_next(on_strand([this, watch](error_code error, const WatchedEvent& event) {
      if (error) return end(error);
      follower_.on_event(event);
      listen(watch);
      pump();
    }));
  }

  void pump() {
    if (follower_.is_overdue()) show(false);
    for (TreeFollower::Wish& wish : follower_.take_wishes()) {
      ask([&](const Client& client) {
        wish.read == TreeFollower::Read::children ? ask_children(client, wish) : ask_value(client, wish);
      });
    }
    if (follower_.is_settled()) show(true);
  }

  void ask_value(const Client& client, const TreeFollower::Wish& wish) {
    client.async_get(wish.path, on_strand([this, wish](error_code error, Value& value) {
                       if (error && !is_absent(error)) return end(error);
                       follower_.on_value(wish, error ? std::nullopt : std::optional(std::move(value)));
                       pump();
                     }));
  }
  void ask_children(const Client& client, const TreeFollower::Wish& wish) {
    client.async_children(wish.path, on_strand([this, wish](error_code error, const Children& children) {
                            if (error && !is_absent(error)) return end(error);
                            follower_.on_children(wish, children.names);
                            pump();
                          }));
  }
  static bool is_absent(const error_code& error) {
    return error == ErrorCode::no_node || error == ErrorCode::no_auth;
  }

  void show(bool of_one_moment) {
    const auto changes = follower_.take_changes();
    // Nothing new, unless it is the first state, or the first that is of one moment again.
    const bool same = changes.empty() && (published_.of_one_moment || !of_one_moment);
    if (published_.revision > 0 && same) return;
    publish([&](std::uint64_t revision) {
      published_.revision = revision;
      published_.of_one_moment = of_one_moment;
      for (const auto& change : changes) {
        if (change.node) {
          published_.nodes[change.path] = change.node;
        } else {
          published_.nodes.erase(change.path);
        }
      }
    });
  }

  const std::string root_;
  // The strand's
  TreeFollower follower_;
  // The mutex guards them; only the strand changes the first
  TreeState published_;
  std::shared_ptr<const TreeState> copy_ = std::make_shared<const TreeState>();
};

TreeCache::TreeCache(const Client& client, std::string root)
    : follower_(std::make_shared<Follower>(client, std::move(root))) {
  follower_->begin();
}
TreeCache::TreeCache(TreeCache&&) noexcept = default;
TreeCache& TreeCache::operator=(TreeCache&& other) noexcept {
  std::swap(follower_, other.follower_);
  return *this;
}
TreeCache::~TreeCache() {
  if (follower_) follower_->stop();
}

std::shared_ptr<const Value> TreeCache::get(std::string_view path) const { return follower_->get(path); }
std::shared_ptr<const TreeState> TreeCache::state() const { return follower_->state(); }
asio::awaitable<std::shared_ptr<const TreeState>> TreeCache::newer(std::uint64_t revision) const {
  return newer_of(follower_, revision);
}

}  // namespace muster::recipes
