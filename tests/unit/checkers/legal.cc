#include "tests/unit/checkers/legal.h"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "common/random.h"
#include "tests/checkers/znode.h"

namespace muster::checkers {
namespace {

constexpr std::int64_t sessions = 6, keys = 5;
constexpr std::size_t most_in_flight = 3;

struct State {
  Znode znode;
  std::int64_t czxid = 0, mzxid = 0;
};

// The service and its clients, one step at a time.
class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed), clients_(sessions) {
    for (std::int64_t key = 0; key < keys; ++key) lives_[key][0] = {};
  }

  History tell(std::size_t operations) {
    while (history_.size() < operations) {
      now_ += random_.between(0, 20);
      const auto session = static_cast<std::int64_t>(random_.below(sessions));
      Client& client = clients_[static_cast<std::size_t>(session)];
      switch (random_.below(12)) {
        case 0:
          if (random_.chance(1, 10)) lose(client);
          break;
        case 1:
        case 2:
        case 3:
        case 4:
          call(client, session);
          break;
        case 5:
        case 6:
        case 7:
        case 8:
          perform(client);
          break;
        default:
          answer(client);
      }
    }
    for (Client& client : clients_) {  // all that was asked is answered
      while (!client.lost.empty()) perform(client);
      while (!client.in_flight.empty()) {
        perform(client);
        answer(client);
      }
    }
    return std::move(history_);
  }

 private:
  struct Asked {
    Operation operation;
    bool performed = false;
  };
  struct Client {
    std::deque<Asked> in_flight;  // in the order sent
    std::deque<Asked> lost;       // of a connection that broke: done some time, or never
    std::int64_t seen = 0;        // zxid
  };

  void call(Client& client, std::int64_t session) {
    if (client.in_flight.size() == most_in_flight || !client.lost.empty()) return;
    Operation op;
    op.session = session;
    op.key = static_cast<std::int64_t>(random_.below(keys));
    op.kind = static_cast<Kind>(random_.below(5));
    if (op.kind == Kind::create || op.kind == Kind::set) op.value = ++values_;
    const Znode& now = state_at(op.key, zxid_).znode;
    if (op.kind == Kind::set && random_.chance(1, 2)) op.expected = now.version;
    if (op.kind == Kind::remove && random_.chance(2, 3)) op.expected = now.version + 1;
    op.called = now_;
    client.in_flight.push_back({op});
  }

  // The oldest request that has not been done yet is done.
  void perform(Client& client) {
    if (!client.lost.empty()) {
      if (!client.lost.front().operation.is_read() && random_.chance(1, 2))
        write(client.lost.front().operation);
      client.lost.pop_front();
      return;
    }
    const auto at = std::find_if(client.in_flight.begin(), client.in_flight.end(),
                                 [](const Asked& asked) { return !asked.performed; });
    if (at == client.in_flight.end()) return;
    at->performed = true;
    Operation& op = at->operation;
    if (!op.is_read()) {
      write(op);
    } else {
      // A server that lags shows an old state, but none older than the session has seen.
      op.zxid = op.kind == Kind::read ? random_.between(client.seen, zxid_) : zxid_;
      read(op);
    }
    client.seen = op.zxid;
  }

  void write(Operation& op) {
    op.zxid = ++zxid_;
    State state = state_at(op.key, zxid_);
    for (const Outcome outcome :
         {Outcome::ok, Outcome::no_node, Outcome::node_exists, Outcome::bad_version}) {
      op.outcome = outcome;
      op.version = outcome != Outcome::ok || op.kind == Kind::remove ? 0 : written(state.znode, op).version;
      if (after(state.znode, op)) break;
    }
    if (op.outcome != Outcome::ok) return;
    state.znode = written(state.znode, op);
    state.mzxid = zxid_;
    if (op.kind == Kind::create) state.czxid = zxid_;
    lives_[op.key][zxid_] = state;
    if (op.kind == Kind::remove) return;
    op.czxid = state.czxid;
    op.mzxid = state.mzxid;
  }

  void read(Operation& op) const {
    const State& state = state_at(op.key, op.zxid);
    op.outcome = state.znode.exists ? Outcome::ok : Outcome::no_node;
    if (!state.znode.exists) return;
    op.value = state.znode.value;
    op.version = state.znode.version;
    op.czxid = state.czxid;
    op.mzxid = state.mzxid;
  }

  void answer(Client& client) {
    if (client.in_flight.empty() || !client.in_flight.front().performed) return;
    Operation op = client.in_flight.front().operation;
    client.in_flight.pop_front();
    op.returned = now_;
    history_.push_back(op);
  }

  // The connection breaks. Requests on even keys happen to be answered before.
  void lose(Client& client) {
    while (std::any_of(client.in_flight.begin(), client.in_flight.end(),
                       [](const Asked& asked) { return asked.operation.key % 2 == 0; })) {
      perform(client);
      answer(client);
    }
    for (Asked& asked : client.in_flight) {
      Operation op = asked.operation;
      Operation told;
      told.session = op.session;
      told.key = op.key;
      told.kind = op.kind;
      told.value = op.is_read() ? 0 : op.value;
      told.expected = op.expected;
      told.called = op.called;
      history_.push_back(told);
      if (!asked.performed) client.lost.push_back(asked);
    }
    client.in_flight.clear();
  }

  [[nodiscard]] const State& state_at(std::int64_t key, std::int64_t zxid) const {
    return std::prev(lives_.at(key).upper_bound(zxid))->second;
  }

  Random random_;
  std::vector<Client> clients_;
  std::map<std::int64_t, std::map<std::int64_t, State>> lives_;  // by key, then zxid of the change
  History history_;
  std::int64_t now_ = 0, zxid_ = 0, values_ = 0;
};

}  // namespace

History legal_history(std::uint64_t seed, std::size_t operations) { return Story(seed).tell(operations); }

}  // namespace muster::checkers
