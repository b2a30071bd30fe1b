#include "tests/checkers/zxid_order.h"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tests/checkers/znode.h"

namespace muster::checkers {
namespace {

using Operations = std::vector<const Operation*>;

// Of one znode: beyond these, writes that nobody saw are held not to have happened.
constexpr std::size_t max_unseen = 20, max_possible = 20'000;

class Judge {
 public:
  explicit Judge(const History& history) { place(history); }

  Violations run() {
    check_unique();
    check_real_time();
    check_sessions();
    for (auto& [key, life] : lives_) {
      std::stable_sort(life.told.begin(), life.told.end(), [](const Operation* a, const Operation* b) {
        return std::pair(a->zxid, a->is_read()) < std::pair(b->zxid, b->is_read());
      });
      for (const Operation* op : life.told) step(life, *op);
    }
    return std::move(violations_);
  }

 private:
  // What a znode may be, depending on which writes that nobody saw took effect.
  struct Possible {
    Znode znode;
    std::int64_t czxid = 0, mzxid = 0;  // 0: not known
    std::uint32_t used = 0;             // bits of Life::unknown
    friend auto operator<=>(const Possible&, const Possible&) = default;
  };
  // One znode's.
  struct Life {
    std::set<Possible> possible{Possible{}};
    Operations told;     // those with a zxid
    Operations unknown;  // writes that nobody saw
  };

  // Those with a zxid: answered, or of unknown outcome and shown by a read; then as the write that it must have been.
  void place(const History& history) {
    std::map<std::int64_t, const Operation*> shown;  // by value
    for (const Operation& op : history)
      if (op.is_read() && op.outcome == Outcome::ok) shown.emplace(op.value, &op);
    for (const Operation& op : history) {
      Life& life = lives_[op.key];
      const bool writes_value = op.kind == Kind::create || op.kind == Kind::set;
      const auto at = writes_value ? shown.find(op.value) : shown.end();
      if (op.outcome == Outcome::unknown && op.is_read()) continue;
      Operation& mine = all_.emplace_back(op);
      if (op.outcome == Outcome::unknown && at != shown.end()) {
        mine.outcome = Outcome::ok;
        mine.returned = never;
        mine.zxid = mine.mzxid = at->second->mzxid;
        mine.czxid = at->second->czxid;
        mine.version = at->second->version;
      }
      (mine.outcome == Outcome::unknown ? life.unknown : life.told).push_back(&mine);
    }
  }

  void broken(const char* rule, std::string detail) { violations_.push_back({rule, std::move(detail)}); }
  void contradict(const char* rule, const Operation& a, const Operation& b) {
    broken(rule, fmt::format("\"{}\" and \"{}\"", print(a), print(b)));
  }

  // A write that failed has a zxid of its own in Muster, in ZooKeeper too.
  void check_unique() {
    std::map<std::int64_t, const Operation*> writes;
    for (const Operation& op : all_) {
      if (op.is_read() || op.outcome == Outcome::unknown) continue;
      const auto [at, is_new] = writes.emplace(op.zxid, &op);
      if (!is_new) contradict("one-write", *at->second, op);
    }
  }

  // All writes and synced reads in the order of their calls, against the greatest zxid that had been answered before.
  void check_real_time() {
    Operations called, returned;
    for (const Operation& op : all_) {
      if (op.outcome == Outcome::unknown) continue;
      if (op.returned != never) returned.push_back(&op);
      if (op.kind != Kind::read) called.push_back(&op);
    }
    const auto by = [](auto field) {
      return [field](const Operation* a, const Operation* b) { return a->*field < b->*field; };
    };
    std::stable_sort(called.begin(), called.end(), by(&Operation::called));
    std::stable_sort(returned.begin(), returned.end(), by(&Operation::returned));
    const Operation* greatest = nullptr;
    auto next = returned.begin();
    for (const Operation* op : called) {
      for (; next != returned.end() && (*next)->returned < op->called; ++next)
        if (greatest == nullptr || (*next)->zxid > greatest->zxid) greatest = *next;
      if (greatest == nullptr) continue;
      if (op->is_read() && op->zxid < greatest->zxid) contradict("fresh", *greatest, *op);
      if (!op->is_read() && op->zxid <= greatest->zxid) contradict("real-time", *greatest, *op);
    }
  }

  void check_sessions() {
    std::map<std::int64_t, const Operation*> last;
    for (const Operation& op : all_) {
      if (op.outcome == Outcome::unknown || op.returned == never) continue;
      const Operation*& before = last[op.session];
      if (before != nullptr && (op.zxid < before->zxid || (!op.is_read() && op.zxid == before->zxid)))
        contradict("session", *before, op);
      before = &op;
    }
  }

  void step(Life& life, const Operation& op) {
    add_unseen(life, op.returned);
    std::set<Possible> next;
    for (const Possible& possible : life.possible)
      if (const auto left = left_by(possible, op)) next.insert(*left);
    if (next.empty()) {
      broken(op.is_read() ? "read" : "write",
             fmt::format("\"{}\" where znode {} {}", print(op), op.key, describe(*life.possible.begin())));
      // Go on from what it says, so that one fault is told of once.
      const bool exists =
          op.outcome == Outcome::ok ? op.kind != Kind::remove : op.outcome != Outcome::no_node;
      next.insert({{exists, op.value, op.version}, op.czxid, op.mzxid, 0});
    }
    life.possible = std::move(next);
  }

  // Each write that nobody saw, and that was called by then, may take effect now.
  static void add_unseen(Life& life, std::int64_t by) {
    std::vector<Possible> open(life.possible.begin(), life.possible.end());
    while (!open.empty() && life.possible.size() < max_possible) {
      const Possible possible = open.back();
      open.pop_back();
      for (std::size_t i = 0; i < life.unknown.size() && i < max_unseen; ++i) {
        const Operation& write = *life.unknown[i];
        const std::uint32_t bit = std::uint32_t{1} << i;
        if ((possible.used & bit) != 0 || write.called > by || !takes_effect(possible.znode, write)) continue;
        const bool keeps_node = write.kind == Kind::set;
        const Possible next{written(possible.znode, write), keeps_node ? possible.czxid : 0, 0,
                            possible.used | bit};
        if (life.possible.insert(next).second) open.push_back(next);
      }
    }
  }

  // What an operation of known zxid leaves; nothing: it can't have been answered so there.
  static std::optional<Possible> left_by(const Possible& possible, const Operation& op) {
    const auto znode = after(possible.znode, op);
    if (!znode) return std::nullopt;
    Possible left = possible;
    left.znode = *znode;
    if (op.outcome != Outcome::ok) return left;
    if (!op.is_read()) left.mzxid = op.zxid;
    if (op.kind == Kind::create || left.czxid == 0) left.czxid = op.kind == Kind::create ? op.zxid : op.czxid;
    if (op.kind == Kind::remove) return Possible{{}, 0, 0, possible.used};
    return left.mzxid == op.mzxid && left.czxid == op.czxid ? std::optional(left) : std::nullopt;
  }

  static std::string describe(const Possible& possible) {
    if (!possible.znode.exists) return "does not exist";
    return fmt::format("holds {} in version {} of zxid {}, made by {}", possible.znode.value,
                       possible.znode.version, possible.mzxid, possible.czxid);
  }

  std::deque<Operation> all_;
  std::map<std::int64_t, Life> lives_;  // by key
  Violations violations_;
};

}  // namespace

Violations check_zxid_order(const History& history) { return Judge(history).run(); }

}  // namespace muster::checkers
