// States that clients take away (`muster backup`). Each is a view of a checkpoint that holds everything that was committed when the
// client asked: a barrier, then a checkpoint that is not older. It belongs to a connection, and goes with it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/replies.h"
#include "server/node/forwards.h"
#include "server/node/state_messages.h"
#include "server/tree/record.h"

namespace muster::node {

class Backups {
 public:
  struct Limits {
    std::size_t max_views = 2;           // at a time; more are answered throttled_op
    std::size_t max_bytes = 256 * 1024;  // of records in one answer, but for one record that is larger
  };
  struct Answer {
    Waiter to;
    wire::Reply reply;
  };

  explicit Backups(const Limits& limits) : limits_(limits) {}

  // True: the barrier is to be asked for, and then passed() called.
  [[nodiscard]] bool begin(Waiter who);
  // False: it is none of ours.
  [[nodiscard]] bool passed(Waiter who, Zxid applied);
  void next(Waiter who, std::int32_t max_bytes);
  void drop(frontend::ConnId connection);

  // The newest checkpoint that the store holds.
  void checkpoint(Zxid zxid);
  [[nodiscard]] bool wants_checkpoint() const;

  // What the store says of a read that is ours. `znodes`: of the tree, now.
  [[nodiscard]] static bool owns(TransferId id) { return (id & first_id) != 0; }
  void opened(TransferId id, const std::string& meta, std::size_t znodes);
  void read(TransferId id, std::vector<tree::Record> records);

  [[nodiscard]] std::vector<StateRead> take_reads() { return std::exchange(reads_, {}); }
  [[nodiscard]] std::vector<Answer> take_answers() { return std::exchange(answers_, {}); }

 private:
  static constexpr TransferId first_id = TransferId{1} << 63U;  // apart from those of states for followers

  struct View {
    TransferId id = 0;
    Waiter waiter;               // connection 0: nobody waits
    std::optional<Zxid> needed;  // until the store has one that is not older
    bool opening = false, open = false;
  };

  void answer(View& view, ErrorCode error, wire::ReplyBody body = {});
  void give_up(View& view);
  [[nodiscard]] View* find(TransferId id);

  Limits limits_;
  std::map<frontend::ConnId, View> views_;
  TransferId last_id_ = first_id;
  Zxid checkpoint_;
  std::vector<StateRead> reads_;
  std::vector<Answer> answers_;
};

}  // namespace muster::node
