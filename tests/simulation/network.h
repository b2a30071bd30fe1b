// The links between servers: FIFO streams with delay that break, stall and lose what is under way. Each side
// has its own view: a link may be gone for one and not yet for the other (half-open), and one direction may
// be cut while the other works.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/random.h"
#include "server/node/node.h"
#include "tests/simulation/profile.h"
#include "tests/simulation/sim.h"

namespace muster::simulation {

// One server, as the network sees it. Servers are counted from 0.
class PeerEnd {
 public:
  virtual ~PeerEnd() = default;
  // A new stream to `peer`; replaces an older one.
  virtual void link_up(int peer, broadcast::LinkId link) = 0;
  virtual void link_down(int peer, broadcast::LinkId link) = 0;
  virtual void receive(int peer, broadcast::LinkId link, node::PeerMessage message) = 0;
};

class Network {
 public:
  Network(Loop& loop, const Profile& profile, Random random);
  void add(PeerEnd& end) { ends_.push_back(&end); }

  void host_up(int server);
  void host_down(int server);  // its kernel closes its streams, or (power) does not

  void send(int from, int to, broadcast::LinkId link, const node::PeerMessage& message);

  void break_link(int a, int b);
  void cut(int from, int to);  // this direction: what is sent waits, and new streams do not come about
  void heal(int from, int to);
  // What is sent in this direction leaves one message at a time, with so long between two.
  void slow_down(int from, int to, std::int64_t gap_us, std::int64_t for_us);
  void heal_all();
  // A name for the stream that both sides have now and on which nothing is held up; 0: there is none.
  [[nodiscard]] std::uint64_t stream_between(int a, int b) const;
  [[nodiscard]] bool cut_off(int from, int to) const { return cut_[at(from, to)]; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  struct Message {
    std::string bytes;
    std::shared_ptr<const node::PeerMessage> value;  // with skip_codec
  };
  // One stream between two servers, by its lower-numbered one. Index 0: the lower side, or the direction from
  // it.
  struct Stream {
    std::uint64_t generation = 0;
    bool sending[2] = {false, false};  // bytes given to this side's kernel may still arrive
    std::uint64_t opened[2] = {0, 0};  // the generation that this side's process believes in; 0: none
    broadcast::LinkId name[2] = {0, 0};
    std::int64_t last_arrival_us[2] = {0, 0};
    std::vector<Message> stalled[2];
    bool connecting = false;
  };

  [[nodiscard]] std::size_t at(int a, int b) const { return static_cast<std::size_t>(a * servers_ + b); }
  Stream& stream(int a, int b) { return streams_[a < b ? at(a, b) : at(b, a)]; }
  static std::size_t side(int self, int other) { return self < other ? 0 : 1; }
  [[nodiscard]] std::int64_t delay(int from, int to);
  void maybe_connect(int a, int b, std::int64_t delay_us);
  void connect(int a, int b);
  void open_side(int self, int other, std::uint64_t generation);
  void close_side(int self, int other, std::uint64_t generation);
  void break_stream(int a, int b, int dead);
  void dispatch(int from, int to, std::uint64_t generation, Message message);
  void arrive(int from, int to, std::uint64_t generation, const Message& message);

  Loop& loop_;
  const Profile& profile_;
  Random random_;
  int servers_;
  std::vector<PeerEnd*> ends_;
  std::vector<Stream> streams_;
  struct Slow {
    std::int64_t gap_us = 0, until_us = 0;
  };
  [[nodiscard]] bool is_slow(int from, int to) const { return slow_[at(from, to)].until_us > loop_.now_us(); }

  std::vector<bool> cut_;
  std::vector<Slow> slow_;
  std::vector<bool> up_;
  std::vector<std::int64_t> delay_us_;
  broadcast::LinkId last_link_ = 0;
  std::uint64_t messages_ = 0;
};

}  // namespace muster::simulation
