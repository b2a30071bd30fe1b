#include "client/src/link.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <string>
#include <utility>

namespace muster::client {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds probe_time{1'000};
constexpr std::string_view probe_word = "isro";
constexpr std::string_view read_write_answer = "rw";

using Listener = Link::Listener;

// Its handlers hold it; they do nothing once it is closed, so that the session hears nothing of a connection that it
// has given up. One write at a time is under way; what is added meanwhile goes with the next.
struct Connection : std::enable_shared_from_this<Connection> {
  Connection(const asio::any_io_executor& strand, std::weak_ptr<Listener> to)
      : listener(std::move(to)), resolver(strand), socket(strand) {}

  std::weak_ptr<Listener> listener;
  tcp::resolver resolver;
  tcp::socket socket;
  std::array<char, 64 * 1024> input{};
  std::string output, writing;
  bool closed = false;

  void close() {
    closed = true;
    error_code ignored;
    resolver.cancel();
    socket.close(ignored);
  }

  // Who is to be told, if anybody; tells of an error.
  std::shared_ptr<Listener> told_of(const error_code& error) {
    auto to = closed ? nullptr : listener.lock();
    if (!to || !error) return to;
    close();
    to->on_lost();
    return nullptr;
  }

  void resolve(const Host& host) {
    resolver.async_resolve(host.name, host.port,
                           [self = shared_from_this()](const error_code& error, const auto& addresses) {
                             if (self->told_of(error)) self->connect(addresses);
                           });
  }

  void connect(const tcp::resolver::results_type& addresses) {
    asio::async_connect(socket, addresses,
                        [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
                          const auto to = self->told_of(error);
                          if (!to) return;
                          error_code ignored;
                          self->socket.set_option(tcp::no_delay(true), ignored);
                          self->read();
                          to->on_connected();
                        });
  }

  void read() {
    socket.async_read_some(asio::buffer(input),
                           [self = shared_from_this()](const error_code& error, std::size_t size) {
                             const auto to = self->told_of(error);
                             if (!to) return;
                             to->on_bytes(std::string_view(self->input.data(), size));
                             if (!self->closed) self->read();
                           });
  }

  void write() {
    if (!writing.empty() || output.empty()) return;
    writing.swap(output);
    asio::async_write(socket, asio::buffer(writing),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (!self->told_of(error)) return;
                        self->writing.clear();
                        self->write();
                      });
  }
};

struct Question : std::enable_shared_from_this<Question> {
  Question(const asio::any_io_executor& strand, std::weak_ptr<Listener> to, HostId of)
      : listener(std::move(to)), id(of), resolver(strand), socket(strand), timer(strand) {}

  std::weak_ptr<Listener> listener;
  HostId id;
  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer timer;
  std::string answer = std::string(read_write_answer.size(), '\0');
  bool closed = false;

  void close() {
    if (std::exchange(closed, true)) return;
    error_code ignored;
    resolver.cancel();
    socket.close(ignored);
    timer.cancel();
  }

  void finish(bool read_write) {
    if (closed) return;
    close();
    if (const auto to = listener.lock()) to->on_probed(id, read_write);
  }

  void ask(const Host& host) {
    timer.expires_after(probe_time);
    timer.async_wait([self = shared_from_this()](const error_code&) { self->finish(false); });
    resolver.async_resolve(host.name, host.port,
                           [self = shared_from_this()](const error_code& error, const auto& addresses) {
                             if (error) return self->finish(false);
                             if (!self->closed) self->connect(addresses);
                           });
  }

  void connect(const tcp::resolver::results_type& addresses) {
    asio::async_connect(socket, addresses,
                        [self = shared_from_this()](const error_code& error, const tcp::endpoint&) {
                          if (error) return self->finish(false);
                          if (!self->closed) self->talk();
                        });
  }

  void talk() {
    asio::async_write(socket, asio::buffer(probe_word),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (error) return self->finish(false);
                        asio::async_read(self->socket, asio::buffer(self->answer),
                                         [self](const error_code& failed, std::size_t) {
                                           self->finish(!failed && self->answer == read_write_answer);
                                         });
                      });
  }
};

class TcpLink : public Link {
 public:
  TcpLink(asio::any_io_executor strand, std::weak_ptr<Listener> listener)
      : strand_(std::move(strand)), listener_(std::move(listener)) {}
  TcpLink(const TcpLink&) = delete;
  TcpLink& operator=(const TcpLink&) = delete;
  ~TcpLink() override {
    if (connection_) connection_->close();
    if (question_) question_->close();
  }

  void connect(const Host& host) override {
    disconnect();
    connection_ = std::make_shared<Connection>(strand_, listener_);
    connection_->resolve(host);
  }
  void disconnect() override {
    if (const auto connection = std::exchange(connection_, nullptr)) connection->close();
  }
  void write(std::string_view bytes) override {
    if (!connection_ || connection_->closed) return;
    connection_->output += bytes;
    connection_->write();
  }
  void probe(HostId id, const Host& host) override {
    if (question_) question_->close();
    question_ = std::make_shared<Question>(strand_, listener_, id);
    question_->ask(host);
  }

 private:
  asio::any_io_executor strand_;
  std::weak_ptr<Listener> listener_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Question> question_;
};

}  // namespace

std::unique_ptr<Link> make_tcp_link(const asio::any_io_executor& strand,
                                    std::weak_ptr<Link::Listener> listener) {
  return std::make_unique<TcpLink>(strand, std::move(listener));
}

}  // namespace muster::client
