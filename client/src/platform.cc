#include "client/src/platform.h"

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <random>
#include <utility>

namespace muster::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class SteadyTimer : public Timer {
 public:
  explicit SteadyTimer(const boost::asio::any_io_executor& strand) : timer_(strand) {}

  void set(std::int64_t at_ms, std::function<void()> fire) override {
    timer_.expires_at(steady_clock::time_point(milliseconds(at_ms)));
    timer_.async_wait([fire = std::move(fire)](const boost::system::error_code& error) {
      if (!error) fire();
    });
  }
  void cancel() override { timer_.cancel(); }

 private:
  boost::asio::steady_timer timer_;
};

class Machine : public Platform {
 public:
  [[nodiscard]] std::int64_t now_ms() const override {
    return std::chrono::duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  }
  [[nodiscard]] std::uint64_t random_seed() override {
    std::random_device device;
    return (std::uint64_t{device()} << 32U) | device();
  }
  [[nodiscard]] std::unique_ptr<Timer> make_timer(const boost::asio::any_io_executor& strand) override {
    return std::make_unique<SteadyTimer>(strand);
  }
  [[nodiscard]] std::unique_ptr<Link> make_link(const boost::asio::any_io_executor& strand,
                                                std::weak_ptr<Link::Listener> listener) override {
    return make_tcp_link(strand, std::move(listener));
  }
};

}  // namespace

std::shared_ptr<Platform> machine() {
  static const auto only = std::make_shared<Machine>();
  return only;
}

}  // namespace muster::client
