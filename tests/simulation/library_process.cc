#include "tests/simulation/library_process.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <string>
#include <utility>

#include "client/src/testing.h"

namespace muster::simulation {

class LibraryProcess::SimTimer : public client::Timer {
 public:
  SimTimer(LibraryProcess& process, asio::any_io_executor strand)
      : process_(process), strand_(std::move(strand)) {}

  void set(std::int64_t at_ms, std::function<void()> fire) override {
    fire_ = std::move(fire);
    const std::uint64_t setting = ++*settings_;
    const std::int64_t due_us = std::max(at_ms * 1000, process_.loop_.now_us());
    process_.loop_.at(due_us, [this, setting, settings = std::weak_ptr(settings_)] {
      const auto alive = settings.lock();
      if (!alive || *alive != setting) return;
      process_.happen([this, setting, settings] {
        const auto still = settings.lock();
        if (still && *still == setting && fire_) asio::post(strand_, std::exchange(fire_, nullptr));
      });
    });
  }
  void cancel() override {
    ++*settings_;
    fire_ = nullptr;
  }

 private:
  LibraryProcess& process_;
  asio::any_io_executor strand_;
  std::shared_ptr<std::uint64_t> settings_ = std::make_shared<std::uint64_t>(0);
  std::function<void()> fire_;
};

class LibraryProcess::SimLink : public client::Link, public ClientEnd {
 public:
  SimLink(LibraryProcess& process, asio::any_io_executor strand, std::weak_ptr<Listener> listener)
      : process_(process), strand_(std::move(strand)), listener_(std::move(listener)) {
    process_.link_ = this;
  }
  SimLink(const SimLink&) = delete;
  SimLink& operator=(const SimLink&) = delete;
  ~SimLink() override {
    disconnect();
    process_.link_ = nullptr;
  }

  // Hosts are named by their numbers.
  void connect(const client::Host& host) override {
    disconnect();
    if (process_.loop_.now_us() < process_.cut_until_us_) return tell([](Listener& to) { to.on_lost(); });
    int server = 0;
    std::from_chars(host.name.data(), host.name.data() + host.name.size(), server);
    socket_ = process_.sockets_.open(*this, server);
  }
  void disconnect() override {
    ++*epoch_;
    if (const SocketId gone = std::exchange(socket_, 0); gone != 0) process_.sockets_.close(gone);
  }
  void write(std::string_view bytes) override {
    if (socket_ != 0) process_.sockets_.send(socket_, std::string(bytes));
  }
  void probe(client::HostId /*id*/, const client::Host& /*host*/) override {
    broken("told", "a client looks for a server with a quorum, though all have one");
  }

  void break_off(bool server_hears) {
    const SocketId gone = std::exchange(socket_, 0);
    if (gone == 0) return;
    server_hears ? process_.sockets_.close(gone) : process_.sockets_.abandon(gone);
    tell([](Listener& to) { to.on_lost(); });
  }

  void on_connected(SocketId socket) override {
    if (socket == socket_) tell([](Listener& to) { to.on_connected(); });
  }
  void on_bytes(SocketId socket, std::string_view bytes) override {
    if (socket == socket_) tell([heard = std::string(bytes)](Listener& to) { to.on_bytes(heard); });
  }
  void on_closed(SocketId socket) override {
    if (socket != socket_) return;
    socket_ = 0;
    tell([](Listener& to) { to.on_lost(); });
  }

 private:
  // Of this connection; nothing if there is another one by then.
  template <class Call>
  void tell(Call call) {
    process_.happen([this, call = std::move(call), epoch = *epoch_, epochs = std::weak_ptr(epoch_)] {
      if (epochs.expired()) return;
      asio::post(strand_, [call, epoch, epochs, to = listener_] {
        const auto now = epochs.lock();
        const auto listener = to.lock();
        if (now && *now == epoch && listener) call(*listener);
      });
    });
  }

  LibraryProcess& process_;
  asio::any_io_executor strand_;
  std::weak_ptr<Listener> listener_;
  SocketId socket_ = 0;
  std::shared_ptr<std::uint64_t> epoch_ = std::make_shared<std::uint64_t>(0);
};

class LibraryProcess::Machine : public client::Platform {
 public:
  explicit Machine(LibraryProcess& process) : process_(process) {}
  [[nodiscard]] std::int64_t now_ms() const override { return process_.loop_.now_ms(); }
  [[nodiscard]] std::uint64_t random_seed() override { return process_.random_.next(); }
  [[nodiscard]] std::unique_ptr<client::Timer> make_timer(const asio::any_io_executor& strand) override {
    return std::make_unique<SimTimer>(process_, strand);
  }
  [[nodiscard]] std::unique_ptr<client::Link> make_link(
      const asio::any_io_executor& strand, std::weak_ptr<client::Link::Listener> listener) override {
    return std::make_unique<SimLink>(process_, strand, std::move(listener));
  }

 private:
  LibraryProcess& process_;
};

LibraryProcess::LibraryProcess(Loop& loop, Sockets& sockets, Random random, const ClientConfig& config)
    : loop_(loop), sockets_(sockets), random_(random) {
  client_ = client::Testing::make_client(io_.get_executor(), config, std::make_shared<Machine>(*this));
}

LibraryProcess::~LibraryProcess() = default;

// Through the loop, so that the library never runs in the frames of whoever tells it something.
void LibraryProcess::happen(std::function<void()> event) {
  if (frozen_) {
    missed_.push_back(std::move(event));
    return;
  }
  event();
  loop_.after(0, [this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) pump();
  });
}

void LibraryProcess::pump() {
  if (frozen_ || std::exchange(pumping_, true)) return;
  io_.restart();
  io_.poll();
  pumping_ = false;
}

void LibraryProcess::thaw() {
  frozen_ = false;
  for (auto& event : std::exchange(missed_, {})) event();
  pump();
}

void LibraryProcess::cut_until(std::int64_t time_us) {
  cut_until_us_ = time_us;
  if (link_ != nullptr) link_->break_off(random_.chance(1, 2));
}

}  // namespace muster::simulation
