// A server whose devices are played: a disk that writes at once (or holds back), time that comes with the input.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "server/node/node.h"

namespace muster::fuzz {

class Server {
 public:
  // One of the servers 1 … members, each with a new disk.
  Server(int self, int members, const node::NodeConfig& like = {});

  [[nodiscard]] ServerId self() const { return self_; }
  [[nodiscard]] Now now() const { return {now_ms_, 1700000000000 + now_ms_}; }
  [[nodiscard]] const node::Node& node() const { return node_; }

  // Any input of the node, with the present time.
  template <class Use>
  void input(Use use) {
    use(node_, now());
  }
  void pass(std::int64_t ms);  // ticks on the way, at most so many as matter
  void hold_disk(bool hold) { disk_holds_ = hold; }

  // Carries out what came of the inputs; what is for others is handed to `clients` and `peers`, in order.
  void turn(const std::function<void(const node::ClientWrite&)>& clients,
            const std::function<void(const node::PeerEnvelope&)>& peers);

 private:
  bool disk_works();
  void perform(const broadcast::Persist& persist);
  void answer(const broadcast::Fetch& fetch);

  ServerId self_;
  std::int64_t now_ms_ = 1000;
  node::Node node_;
  bool disk_holds_ = false;
  std::vector<broadcast::Entry> log_;  // from zxid 1
  std::deque<broadcast::Persist> waiting_;
  std::deque<broadcast::Fetch> fetches_;
};

}  // namespace muster::fuzz
