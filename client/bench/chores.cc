#include "client/bench/chores.h"

#include <stdexcept>
#include <string>

namespace muster::bench {
namespace {

constexpr std::size_t in_flight = 50;

class Chores : public Work {
 public:
  Chores(std::size_t count, const std::function<wire::Request(std::size_t)>& make,
         const std::function<void(std::size_t, const wire::ReplyBody&)>& take)
      : count_(count), make_(make), take_(take) {}

  void start(Loop& loop, Time now) override {
    loop_ = &loop;
    fill(loop.connections().front(), now);
  }
  void answered(Connection& connection, const Answer& answer) override {
    if (answer.error != ErrorCode::ok) fail(describe(answer.error));
    if (take_) {
      const auto body = wire::decode_reply_body(type_of(make_(answered_)), answer.body);
      if (!body) fail(body.error().message);
      take_(answered_, *body);
    }
    ++answered_;
    fill(connection, answer.at);
  }
  void lost(Connection& connection, Time /*now*/) override {
    if (connection.index() == 0) fail("the connection was lost");
  }
  Time advance(Time now) override { return now + second; }
  [[nodiscard]] bool done() const override { return answered_ == count_; }

 private:
  void fill(Connection& connection, Time now) {
    for (; sent_ < count_ && connection.in_flight().size() < in_flight; ++sent_) {
      connection.send(make_(sent_), {now, Kind::chore});
      loop_->touch(connection);
    }
  }
  [[noreturn]] static void fail(std::string_view why) {
    throw std::runtime_error("could not prepare or remove the znodes of the measurement: " +
                             std::string(why));
  }

  std::size_t count_, sent_ = 0, answered_ = 0;
  const std::function<wire::Request(std::size_t)>& make_;
  const std::function<void(std::size_t, const wire::ReplyBody&)>& take_;
  Loop* loop_ = nullptr;
};

}  // namespace

void do_all(Loop& loop, std::size_t count, const std::function<wire::Request(std::size_t)>& make,
            const std::function<void(std::size_t, const wire::ReplyBody&)>& take) {
  Chores chores(count, make, take);
  loop.run(chores);
}

}  // namespace muster::bench
