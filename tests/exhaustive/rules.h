// What must hold of all servers together, in every state and from one to the next:
//   election-safety      one leader for each epoch
//   log-matching         logs that agree on (epoch, zxid) somewhere agree on everything before it
//   commit-durability    what was delivered anywhere is on the disks of a quorum, from then on
//   leader-completeness  a leader holds everything that was committed in earlier epochs
//   delivery             all servers deliver the same, in order, also after a crash; no write twice
//   barrier              who passes one has delivered all that anyone had delivered when it was asked for
//   rest                 when nothing is under way, and one leads and the others follow it, all have delivered all
//                        of one log, and no client waits
// (A server alone is judged in server.cc: promises, commit rule and point, gaps.)
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/exhaustive/catalogue.h"

namespace muster::exhaustive {

using RecordNumber = std::uint32_t;
using Servers = std::array<ServerNumber, ensemble_size + 1>;  // by id

// What has happened, as far as the rules need it.
struct Record {
  struct Committed {
    EntryNumber entry = 0;
    Epoch delivered_in;  // not before the epoch that committed it
    bool accepted = false;
  };
  struct Asked {
    int server = 0;
    broadcast::BarrierId barrier = 0;
    std::size_t committed = 0;
  };
  std::vector<Committed> committed;
  std::vector<std::pair<Epoch, int>> leaders;  // by epoch
  std::vector<Asked> asked;
};

class Rules {
 public:
  explicit Rules(Catalogue& catalogue) : catalogue_(catalogue) { (void)add(Record{}); }

  // Nothing has happened yet: 0. Each of these returns what is broken, or nothing.
  std::string happened(RecordNumber& record, int id, const Effect& effect);
  std::string started(RecordNumber record, const View& view) const;
  [[nodiscard]] std::string judge(RecordNumber record, const Servers& servers) const;
  [[nodiscard]] std::string judge_rest(RecordNumber record, const Servers& servers) const;

  void asked(RecordNumber& record, int id, broadcast::BarrierId barrier);
  void crashed(RecordNumber& record, int id);  // its barriers are nobody's any more

 private:
  RecordNumber add(Record record);
  [[nodiscard]] std::string deliver(Record& record, const Delivered& delivered, Epoch epoch) const;
  [[nodiscard]] std::string judge_leader(const Record& record, int id, const View& view) const;
  [[nodiscard]] bool match(const std::vector<EntryNumber>& a, const std::vector<EntryNumber>& b) const;

  Catalogue& catalogue_;
  std::vector<Record> records_;
  std::unordered_map<std::string, RecordNumber> known_;
};

}  // namespace muster::exhaustive
