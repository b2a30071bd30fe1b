// A client as others write them, byte by byte: what was in flight on a broken connection is forgotten; some
// begin their xids again at 1 on each connection (kazoo), some set their watches again (all but the oldest).
#pragma once

#include "tests/simulation/client.h"
#include "tests/simulation/impostor.h"

namespace muster::simulation {

class StockClient : public Client {
 public:
  // `probe`: stays at server `home` and does no more than it must.
  StockClient(const ClientWorld& world, int index, Random random, std::optional<int> probe = std::nullopt);

  [[nodiscard]] bool connected() const override { return state_ == State::connected; }
  [[nodiscard]] bool settled() const override { return in_flight_.empty(); }
  void on_connected(SocketId socket) override;
  void on_closed(SocketId socket) override;

 private:
  enum class State { away, connecting, connected };

  void act() override;
  void submit(wire::Request request, std::string token) override;
  [[nodiscard]] std::size_t unanswered() const override { return in_flight_.size(); }
  void on_welcome(const wire::ConnectReply& reply) override;
  void on_refused() override;

  void leave_or_ask();
  void connect();
  void disconnect(bool politely);
  [[nodiscard]] std::int64_t away_us();
  void stay_away(std::int64_t us);
  void keep_alive(std::uint64_t connection);
  void let_another_try();

  std::optional<int> probe_;
  Impostor impostor_;
  bool restarts_xids_ = false, resets_watches_ = false;
  State state_ = State::away;
  std::uint64_t connection_ = 0;  // counts connections
  std::int64_t asked_us_ = 0;
  std::string password_;
  std::int64_t timeout_us_ = 0;
  bool closing_ = false;
  Xid last_xid_;
};

}  // namespace muster::simulation
