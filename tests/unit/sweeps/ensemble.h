// Three servers in one memory whose disks are real in everything but the device: log, votes, identity and LevelDB on simulated disks,
// opened and driven as musterd does. Clients create znodes and remember which were acknowledged.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "server/node/node.h"
#include "tests/unit/frontend/frames.h"
#include "tests/unit/sweeps/disk_server.h"

namespace muster::sweeps {

class Ensemble {
 public:
  static constexpr int servers = 3;

  std::map<int, storage::SimFileSystem> disks;
  std::set<std::string> acknowledged;  // names below "/"
  int written = 0;                     // names used so far

  // Returns why it refuses to start; empty: it runs.
  std::string start(int id);
  void start_all();
  void kill(int id);  // the process; its page cache stays
  // All at once; of each disk is left what a power cut may leave.
  void cut_power(Random random);

  [[nodiscard]] bool up(int id) const { return running_.count(id) != 0; }
  [[nodiscard]] const node::Node& node(int id) const { return *running_.at(id).node; }
  [[nodiscard]] const std::vector<std::string>& reports(int id) const {
    return running_.at(id).disk->reports();
  }
  [[nodiscard]] int leader() const;  // established; 0: none

  // Simulated time goes on. Throws storage::SimCrash where a disk does.
  void pass(std::int64_t ms);
  // Until it holds, at most so long.
  template <class Condition>
  bool pass_until(Condition condition, std::int64_t ms) {
    for (std::int64_t passed = 0; !condition(); passed += tick_ms) {
      if (passed >= ms) return false;
      pass(tick_ms);
    }
    return true;
  }
  // Through a client of that server, which need not answer.
  void write(int server, int count);
  // All that run are at one zxid with one digest, and hold all that was acknowledged.
  [[nodiscard]] bool agree() const;
  [[nodiscard]] bool holds_all(int id) const;
  [[nodiscard]] std::string describe() const;

 private:
  static constexpr std::int64_t tick_ms = 25;
  struct Client {
    node::ConnId id = 0;
    test::Frames frames;
    std::int32_t xid = 0;
    std::map<std::int32_t, std::string> asked;
  };
  struct Running {
    std::unique_ptr<DiskServer> disk;
    std::unique_ptr<node::Node> node;
    std::unique_ptr<Client> client;
    bool cluster_noted = false;
  };
  struct Message {
    int from = 0, to = 0;
    broadcast::LinkId link = 0;
    node::PeerMessage message;
  };

  [[nodiscard]] Now now() const { return {now_ms_, 1'700'000'000'000 + now_ms_}; }
  [[nodiscard]] node::Node& live(int id) { return *running_.at(id).node; }
  void settle();
  bool carry_out(int id, node::Output out);  // true if a disk answered
  void use_store(int id, node::Output& out);
  bool deliver();
  void hear(Client& client, std::string_view bytes);

  std::int64_t now_ms_ = 1000;
  std::uint64_t links_made_ = 0, connections_ = 0;
  std::map<int, Running> running_;
  std::map<std::pair<int, int>, broadcast::LinkId> links_;
  std::deque<Message> messages_;
};

}  // namespace muster::sweeps
