// The sessions workload: each connection opens a session, closes it, and opens the next one on a new socket.
#pragma once

#include <vector>

#include "client/bench/loop.h"
#include "client/bench/results.h"

namespace muster::bench {

class Churn : public Work {
 public:
  explicit Churn(Window window) : results_(window) {}

  void start(Loop& loop, Time now) override {
    loop_ = &loop;
    begun_.resize(loop.connections().size(), now);
    for (Connection& connection : loop.connections())
      if (connection.open()) opened(connection, now);
  }
  void opened(Connection& connection, Time /*now*/) override {
    connection.send(wire::CloseSessionRequest{}, {begun_[connection.index()], Kind::write});
    loop_->touch(connection);
  }
  void answered(Connection& connection, const Answer& answer) override {
    if (answer.error == ErrorCode::ok)
      results_.completed(answer.sent, answer.at);
    else
      results_.failed(answer.sent, answer.error);
    if (answer.at >= results_.window.to) return;
    begun_[connection.index()] = answer.at;
    connection.reset_when_dropped();
    loop_->reopen(connection, answer.at);
  }
  void lost(Connection& connection, Time now) override {
    for (const Sent& sent : connection.in_flight()) results_.failed(sent, ErrorCode::connection_loss);
    begun_[connection.index()] = now;
  }
  Time advance(Time now) override {
    done_ = now >= results_.window.to;
    return results_.window.to;
  }
  [[nodiscard]] bool done() const override { return done_; }

  [[nodiscard]] const Results& results() const { return results_; }

 private:
  Results results_;
  Loop* loop_ = nullptr;
  std::vector<Time> begun_;  // of each connection: when it began to connect
  bool done_ = false;
};

}  // namespace muster::bench
