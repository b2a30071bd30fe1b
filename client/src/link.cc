#include "client/src/link.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>

namespace muster::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::int64_t now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Random random_from_system() {
  std::random_device device;
  return Random((std::uint64_t{device()} << 32U) | device());
}

SessionConfig with_hosts(SessionConfig config, std::size_t hosts) {
  config.hosts = hosts;
  return config;
}

// One connection, or the attempt to get one. Its handlers hold it; they do nothing once it is no longer the
// link's current one, so that the session hears nothing of a connection that it has given up.
struct Connection {
  explicit Connection(asio::io_context& io) : resolver(io), socket(io) {}
  tcp::resolver resolver;
  tcp::socket socket;
  std::array<char, 64 * 1024> input;
  std::string output, writing;
};
using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace

// Everything but the constructor, the destructor and the two posting functions runs on thread_.
class Link::Impl {
 public:
  Impl(std::vector<Host> hosts, const SessionConfig& config, OnEvent on_event)
      : hosts_(std::move(hosts)),
        on_event_(std::move(on_event)),
        session_(with_hosts(config, hosts_.size()), random_from_system(), now_ms()) {
    asio::post(io_, [this] { on_timer(); });
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    close();
    asio::post(io_, [this] { stopping_ = true, stop_when_over(); });
    thread_.join();
  }

  void submit(wire::Request request, Done done) {
    asio::post(io_, [this, request = std::move(request), done = std::move(done)]() mutable {
      done_.emplace(session_.submit(now_ms(), std::move(request)), std::move(done));
      act();
    });
  }

  void close() {
    asio::post(io_, [this] {
      session_.close(now_ms());
      act();
    });
  }

 private:
  void act();
  void act_on(Connect& action);
  void act_on(Disconnect& action);
  void act_on(Write& action);
  void act_on(Complete& action);
  void act_on(Notify& action);
  void connect(const ConnectionPtr& connection, const tcp::resolver::results_type& addresses);
  void read(const ConnectionPtr& connection);
  void write(const ConnectionPtr& connection);
  void lost();
  void on_timer();
  void stop_when_over();

  // True in a handler whose connection is still the current one and which was not told of an error.
  bool still_good(const ConnectionPtr& connection, const boost::system::error_code& error) {
    if (connection != connection_) return false;
    if (error) lost();
    return !error;
  }

  std::vector<Host> hosts_;
  OnEvent on_event_;
  Session session_;
  std::unordered_map<RequestId, Done> done_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  asio::steady_timer timer_{io_};
  ConnectionPtr connection_;
  bool stopping_ = false;
  std::thread thread_;
};

// Does what the session asks, until it asks for nothing, and sets the timer anew.
void Link::Impl::act() {
  for (std::vector<Action> actions = session_.take_actions(); !actions.empty();
       actions = session_.take_actions()) {
    for (Action& action : actions) std::visit([this](auto& a) { act_on(a); }, action);
  }
  if (const auto next = session_.next_tick()) {
    timer_.expires_at(std::chrono::steady_clock::time_point(std::chrono::milliseconds(*next)));
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) on_timer();
    });
  } else {
    timer_.cancel();
  }
  stop_when_over();
}

void Link::Impl::act_on(Connect& action) {
  connection_ = std::make_shared<Connection>(io_);
  const Host& host = hosts_[action.host];
  connection_->resolver.async_resolve(
      host.name, host.port,
      [this, connection = connection_](const boost::system::error_code& error,
                                       const tcp::resolver::results_type& addresses) {
        if (still_good(connection, error)) connect(connection, addresses);
      });
}

void Link::Impl::connect(const ConnectionPtr& connection, const tcp::resolver::results_type& addresses) {
  asio::async_connect(
      connection->socket, addresses,
      [this, connection](const boost::system::error_code& error, const tcp::endpoint& /*address*/) {
        if (!still_good(connection, error)) return;
        boost::system::error_code ignored;
        connection->socket.set_option(tcp::no_delay(true), ignored);
        session_.on_connected(now_ms());
        read(connection);
        act();
      });
}

void Link::Impl::act_on(Disconnect& /*action*/) {
  if (!connection_) return;
  boost::system::error_code ignored;
  connection_->resolver.cancel();
  connection_->socket.close(ignored);
  connection_.reset();
}

void Link::Impl::act_on(Write& action) {
  if (!connection_) return;
  connection_->output += action.bytes;
  write(connection_);
}

void Link::Impl::act_on(Complete& action) {
  const auto done = done_.extract(action.id);
  if (done) done.mapped()(std::move(action.reply));
}

void Link::Impl::act_on(Notify& action) { on_event_(action.event); }

void Link::Impl::read(const ConnectionPtr& connection) {
  connection->socket.async_read_some(
      asio::buffer(connection->input),
      [this, connection](const boost::system::error_code& error, std::size_t size) {
        if (!still_good(connection, error)) return;
        session_.on_bytes(now_ms(), std::string_view(connection->input.data(), size));
        act();
        if (connection == connection_) read(connection);
      });
}

// One write at a time; what is added meanwhile goes with the next.
void Link::Impl::write(const ConnectionPtr& connection) {
  if (!connection->writing.empty() || connection->output.empty()) return;
  connection->writing.swap(connection->output);
  asio::async_write(connection->socket, asio::buffer(connection->writing),
                    [this, connection](const boost::system::error_code& error, std::size_t /*size*/) {
                      if (!still_good(connection, error)) return;
                      connection->writing.clear();
                      write(connection);
                    });
}

void Link::Impl::lost() {
  Disconnect disconnect;
  act_on(disconnect);
  session_.on_lost(now_ms());
  act();
}

void Link::Impl::on_timer() {
  session_.on_tick(now_ms());
  act();
}

void Link::Impl::stop_when_over() {
  if (stopping_ && session_.is_over()) work_.reset();
}

Link::Link(std::vector<Host> hosts, SessionConfig config, OnEvent on_event)
    : impl_(std::make_unique<Impl>(std::move(hosts), config, std::move(on_event))) {}
Link::~Link() = default;
void Link::submit(wire::Request request, Done done) { impl_->submit(std::move(request), std::move(done)); }
void Link::close() { impl_->close(); }

}  // namespace muster::client
