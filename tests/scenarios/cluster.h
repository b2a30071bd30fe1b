// Peers with a network and disks in memory, moved by verbs. Everything they do is told in lines of text; the
// same verbs and seed give the same lines. After every step it checks what must hold across servers.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/broadcast/peer.h"

namespace muster::scenarios {

class Cluster {
 public:
  // Before start().
  void add_servers(int voters, int observers);
  bool configure(const std::string& key, std::int64_t value);
  void seed(std::uint64_t seed) { seed_ = seed; }
  void clock(std::int64_t ms) { now_ms_ = ms; }

  void start(int id);
  void crash(int id);                                         // what was not yet on disk is gone
  void wipe(int id);                                          // its disk, while it is down
  void damage_log(int id);                                    // while it is down: it is set aside
  void lose_state(int id) { server(id).disk.state.reset(); }  // while it is down
  bool checkpoint(int id);  // false: nothing is delivered, or its log on disk does not reach there
  void pause(int id) { server(id).paused = true; }
  void resume(int id) { server(id).paused = false; }

  void tick(std::int64_t ms, const std::set<int>& only = {});  // of these servers' clocks; of all if empty
  void settle();  // delivers, writes and reads until nothing moves
  bool until_leader(std::int64_t limit_ms, const std::set<int>& only = {});
  bool until_all_deliver(std::int64_t limit_ms);

  void propose(int id, const std::string& text);
  void barrier(int id);
  void transfer(int id);

  void cut(int a, int b);
  void connect(int a, int b);      // a new link
  void swallow(int from, int to);  // messages that way vanish, the link looks alive
  void hold(int from, int to) { pipes_[{from, to}].held = true; }  // messages that way wait
  void release(int from, int to);
  void deliver(int from, int to, int messages);                         // the oldest that wait that way
  void drop(int from, int to);                                          // what waits that way
  void repeat(int from, int to) { pipes_[{from, to}].repeats = true; }  // each message that way arrives twice
  void hold_state(int from, int to, bool held) {
    held_states_[{from, to}] = held;
  }  // a state that is sent that way
  void refuse_state(int from, int to);
  void heal();
  void set_disk(int id, broadcast::Disk disk) { server(id).peer->set_disk(now(), disk); }
  void hold_disk(int id) { server(id).disk_held = true; }
  void release_disk(int id);

  void status();
  void log(int id);
  void trace(bool on) { trace_ = on; }

  [[nodiscard]] std::vector<int> ids() const;
  [[nodiscard]] int leader() const;  // of the greatest epoch; 0: none
  // All disks but this one hold a server that votes: losing this one loses nothing.
  [[nodiscard]] bool may_lose_disk(int id) const;
  [[nodiscard]] bool up(int id) const { return servers_.count(id) != 0 && servers_.at(id).peer.has_value(); }
  [[nodiscard]] std::string take_text();
  [[nodiscard]] bool violated() const { return violated_; }

 private:
  struct Disk {
    broadcast::HardState hard_state;
    std::vector<broadcast::Entry> log;
    Zxid floor;  // the log's entries are those above it
    Zxid committed;
    std::optional<broadcast::Base> state;
    std::string cluster_id;

    [[nodiscard]] Zxid last() const { return Zxid{floor.value + static_cast<std::int64_t>(log.size())}; }
    [[nodiscard]] auto at(Zxid zxid) const { return log.begin() + (zxid.value - floor.value - 1); }
  };
  struct Server {
    std::optional<broadcast::Peer> peer;
    Disk disk;
    std::optional<broadcast::Persist> persist;
    std::optional<broadcast::Fetch> fetch;
    bool disk_held = false, paused = false;
    std::uint64_t boots = 0;
    broadcast::BarrierId last_barrier = 0;
    std::map<int, broadcast::LinkId> links;
    Zxid delivered;
  };
  struct Pipe {
    std::deque<std::pair<broadcast::LinkId, broadcast::Message>> queue;
    bool held = false, swallows = false, repeats = false;
    bool lost = false;  // something: it takes a new link to be a stream again
  };

  struct Transfer {
    broadcast::WantState to;
    std::optional<broadcast::Base> state;  // once there is one to send
  };

  Server& server(int id) { return servers_.at(id); }
  [[nodiscard]] broadcast::Recovered recover(int id);
  bool begin_sending(int from, Transfer& transfer);
  bool move_transfers();
  [[nodiscard]] Now now() const { return Now{now_ms_, 1000000 + now_ms_}; }
  bool take(int id);  // one Ready
  bool move_disk(int id);
  bool move_messages(int from, int to);
  void on_delivery(int id, const broadcast::Delivery& delivery);
  void check_leaders();
  void perform(Server& s);
  void say(const std::string& line) { text_ += line + "\n"; }
  void violation(const std::string& what);

  broadcast::PeerConfig config_;
  std::uint64_t seed_ = 1;
  std::int64_t now_ms_ = 0;
  std::map<int, Server> servers_;
  std::map<std::pair<int, int>, Pipe> pipes_;
  std::map<std::pair<int, int>, Transfer> transfers_;
  std::map<std::pair<int, int>, bool> held_states_;
  std::set<std::pair<int, int>> cut_;
  broadcast::LinkId last_link_ = 0;
  std::vector<broadcast::Entry> committed_;  // as first delivered by anyone
  std::set<broadcast::ForwardId> applied_;
  std::map<Epoch, int> leaders_;
  bool trace_ = false, violated_ = false;
  std::string text_;
};

}  // namespace muster::scenarios
