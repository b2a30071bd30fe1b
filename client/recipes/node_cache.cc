#include <muster/recipes/node_cache.h>

#include <utility>

#include "client/recipes/following.h"

namespace muster::recipes {

// Reads the node and watches it in one step, and again when it has changed: nothing falls between.
class NodeCache::Follower : public Following {
 public:
  Follower(const Client& client, std::string path) : Following(client), path_(std::move(path)) {}

  void read() {
    ask([this](const Client& client) {
      client.async_get_and_watch(path_, on_strand([this](error_code error, Value& value, Watch& watch) {
                                   if (error == ErrorCode::no_node) return look_for();
                                   if (error) return end(error);
                                   show(std::move(value));
                                   wait(std::move(watch));
                                 }));
    });
  }

  [[nodiscard]] std::shared_ptr<const NodeState> state() const {
    const auto guard = lock();
    return state_;
  }

 private:
  // There is no node yet.
  void look_for() {
    ask([this](const Client& client) {
      client.async_exists_and_watch(
          path_, on_strand([this](error_code error, const std::optional<Stat>& stat, Watch& watch) {
            if (error) return end(error);
            if (stat) return read();  // made meanwhile
            show(std::nullopt);
            wait(std::move(watch));
          }));
    });
  }

  void show(std::optional<Value> value) {
    publish([&](std::uint64_t revision) {
      auto next = std::make_shared<NodeState>();
      next->revision = revision;
      next->value = std::move(value);
      state_ = std::move(next);
    });
  }

  void wait(Watch watch) {
    hold(std::move(watch))->async_wait(on_strand([this](error_code error, const WatchedEvent&) {
      if (error) return end(error);
      read();
    }));
  }

  const std::string path_;
  std::shared_ptr<const NodeState> state_ = std::make_shared<NodeState>();
};

NodeCache::NodeCache(const Client& client, std::string path)
    : follower_(std::make_shared<Follower>(client, std::move(path))) {
  follower_->read();
}
NodeCache::NodeCache(NodeCache&&) noexcept = default;
NodeCache& NodeCache::operator=(NodeCache&& other) noexcept {
  std::swap(follower_, other.follower_);
  return *this;
}
NodeCache::~NodeCache() {
  if (follower_) follower_->stop();
}

std::shared_ptr<const NodeState> NodeCache::state() const { return follower_->state(); }

asio::awaitable<std::shared_ptr<const NodeState>> NodeCache::newer(std::uint64_t revision) const {
  return newer_of(follower_, revision);
}

}  // namespace muster::recipes
