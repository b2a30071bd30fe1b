// One connection with a tree and watches beside it, without log and servers: writes are applied when the test
// says so.
#pragma once

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "server/frontend/connection.h"
#include "tests/unit/frontend/frames.h"

namespace muster::test {

class Front {
 public:
  frontend::Settings settings;
  tree::Tree tree;
  watch::Watches watches;
  frontend::Counters counters;
  frontend::Connection connection{1, {"10.1.1.1", 0, {}}, 0xfffff};
  Frames client;
  std::deque<frontend::step::Propose> proposed;  // by the connection, not applied yet
  std::vector<frontend::SlotId> barriers;        // asked for, not passed yet
  std::string word;
  bool hung_up = false;
  bool refuse_proposals = false;
  Zxid zxid;
  Now now;

  explicit Front(std::size_t in_flight = 1000) { settings.max_requests_in_flight = in_flight; }

  // With a session from the start.
  static Front open(std::size_t in_flight = 1000) {
    Front front(in_flight);
    front.give(front.client.connect({}));
    const auto outcome = front.apply(frontend::session_command(front.connection.request(), front.settings));
    front.connection.accept(front.context(), *outcome.session, "secret");
    front.run();
    (void)front.said();
    return front;
  }

  [[nodiscard]] frontend::Context context() { return {settings, tree, watches, counters, now}; }
  void give(std::string_view bytes) {
    connection.receive(bytes);
    run();
  }
  // xids count from 1.
  void ask(const wire::Request& request) { give(client.ask(request, ++xid_)); }

  tree::Outcome apply(const tree::Command& command) {
    zxid = zxid.next();
    return tree.apply({zxid, 1000, 1}, tree::encode(command));
  }
  // Somebody else's write.
  void other(tree::Operation operation) {
    if (!other_) {
      tree::Command open;
      open.operation = tree::OpenSession{ServerId{1}, 4000, 0};
      other_ = apply(open).session;
    }
    tree::Command command;
    command.session = other_->session;
    command.owner = other_->owner;
    command.operation = std::move(operation);
    tell(apply(command));
  }
  // The connection's oldest proposal is delivered.
  void deliver() {
    const frontend::step::Propose proposal = proposed.front();
    proposed.pop_front();
    tree::Outcome outcome = apply(tree::decode_command(proposal.command.view()).value());
    tell(outcome);
    connection.complete(proposal.slot, outcome.zxid, outcome.reply);
    run();
  }
  void pass() {
    connection.pass(barriers.front());
    barriers.erase(barriers.begin());
    run();
  }
  void run() {
    for (;;) {
      frontend::Step step = connection.next(context());
      if (std::holds_alternative<frontend::step::Idle>(step) ||
          std::holds_alternative<frontend::step::Shake>(step))
        return;
      if (auto* asked = std::get_if<frontend::step::Word>(&step)) {
        word = asked->word;
        return;
      }
      if (std::holds_alternative<frontend::step::Hangup>(step)) {
        hung_up = true;
        return;
      }
      if (auto* barrier = std::get_if<frontend::step::Barrier>(&step)) {
        barriers.push_back(barrier->slot);
      } else {
        auto& proposal = std::get<frontend::step::Propose>(step);
        if (refuse_proposals) {
          connection.hold(std::move(proposal));
          return;
        }
        proposed.push_back(std::move(proposal));
      }
    }
  }
  Lines said() {
    client.receive(connection.take_output());
    return client.lines();
  }

 private:
  void tell(const tree::Outcome& outcome) {
    for (const tree::Change& change : outcome.changes)
      for (const auto& notification : watches.on(change))
        connection.notify(counters, zxid, notification.type, change.path);
  }

  std::int32_t xid_ = 0;
  std::optional<tree::SessionEvent> other_;
};

}  // namespace muster::test
