#include "world.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "client/src/testing.h"

namespace muster::test {
namespace {

constexpr std::int64_t step_ms = 25;
constexpr std::int64_t patience_ms = 300'000;

node::NodeConfig alone() {
  node::NodeConfig config;
  config.peer.self = ServerId{1};
  config.peer.boot = 1;
  config.peer.initial.members.push_back({ServerId{1}, true});
  config.peer.entropy = std::string(48, 'a');
  config.tick_ms = 250;
  return config;
}

// All that is posted to a link or timer that is gone by then is left undone.
using Alive = std::shared_ptr<bool>;

}  // namespace

class PlayedLink : public client::Link {
 public:
  PlayedLink(Process& process, asio::any_io_executor strand, std::weak_ptr<Listener> listener)
      : process_(process), strand_(std::move(strand)), listener_(std::move(listener)) {
    process_.link_ = this;
  }
  PlayedLink(const PlayedLink&) = delete;
  PlayedLink& operator=(const PlayedLink&) = delete;
  ~PlayedLink() override {
    disconnect();
    process_.link_ = nullptr;
  }

  void connect(const client::Host& /*host*/) override {
    disconnect();
    if (process_.cut_) return tell([](Listener& to) { to.on_lost(); });
    World& world = process_.world_;
    process_.deaf_ = process_.mute_ = false;
    connection_ = ++world.last_connection_;
    world.links_[connection_] = this;
    world.node_.client_opened(world.now(), connection_, "127.0.0.1");
    tell([](Listener& to) { to.on_connected(); });
  }
  void disconnect() override {
    ++epoch_;
    if (const auto gone = std::exchange(connection_, 0); gone != 0) {
      World& world = process_.world_;
      world.links_.erase(gone);
      world.node_.client_closed(world.now(), gone);
    }
  }
  void write(std::string_view bytes) override {
    World& world = process_.world_;
    if (connection_ != 0 && !process_.mute_) world.node_.client_bytes(world.now(), connection_, bytes);
  }
  void probe(client::HostId id, const client::Host& /*host*/) override {
    tell([id](Listener& to) { to.on_probed(id, true); });
  }

  void receive(const std::string& bytes) {
    if (!process_.deaf_) tell([bytes](Listener& to) { to.on_bytes(bytes); });
  }
  void break_off() {
    if (connection_ == 0) return;
    disconnect();
    tell([](Listener& to) { to.on_lost(); });
  }

 private:
  template <class Call>
  void tell(Call call) {
    asio::post(strand_, [this, epoch = epoch_, alive = std::weak_ptr(alive_), to = listener_, call] {
      if (alive.expired() || epoch != epoch_) return;
      if (const auto listener = to.lock()) call(*listener);
    });
  }

  Process& process_;
  asio::any_io_executor strand_;
  std::weak_ptr<Listener> listener_;
  node::ConnId connection_ = 0;
  std::uint64_t epoch_ = 0;  // of the connection: nothing is told of an older one
  Alive alive_ = std::make_shared<bool>();
};

class PlayedTimer : public client::Timer {
 public:
  PlayedTimer(Process& process, asio::any_io_executor strand)
      : process_(process), strand_(std::move(strand)) {
    process_.timers_.push_back(this);
  }
  PlayedTimer(const PlayedTimer&) = delete;
  PlayedTimer& operator=(const PlayedTimer&) = delete;
  ~PlayedTimer() override { std::erase(process_.timers_, this); }

  void set(std::int64_t at_ms, std::function<void()> fire) override {
    at_ms_ = at_ms;
    fire_ = std::move(fire);
  }
  void cancel() override { fire_ = nullptr; }
  bool maybe_fire(std::int64_t now_ms) {
    if (!fire_ || at_ms_ > now_ms) return false;
    asio::post(strand_, std::exchange(fire_, nullptr));
    return true;
  }

 private:
  Process& process_;
  asio::any_io_executor strand_;
  std::int64_t at_ms_ = 0;
  std::function<void()> fire_;
};

class PlayedMachine : public client::Platform {
 public:
  explicit PlayedMachine(Process& process) : process_(process) {}
  [[nodiscard]] std::int64_t now_ms() const override { return process_.world_.now_ms_; }
  [[nodiscard]] std::uint64_t random_seed() override { return ++process_.world_.seeds_; }
  [[nodiscard]] std::unique_ptr<client::Timer> make_timer(const asio::any_io_executor& strand) override {
    return std::make_unique<PlayedTimer>(process_, strand);
  }
  [[nodiscard]] std::unique_ptr<client::Link> make_link(
      const asio::any_io_executor& strand, std::weak_ptr<client::Link::Listener> listener) override {
    return std::make_unique<PlayedLink>(process_, strand, std::move(listener));
  }

 private:
  Process& process_;
};

Process::Process(World& world, const ClientConfig& config) : world_(world) {
  client_ = client::Testing::make_client(io_.get_executor(), config, std::make_shared<PlayedMachine>(*this));
}

Process::~Process() = default;

void Process::cut() {
  cut_ = true;
  if (link_ != nullptr) link_->break_off();
}
void Process::mend() { cut_ = false; }
void Process::lose_answers() { deaf_ = true; }
void Process::lose_requests() { mute_ = true; }

World::World() : node_(alone(), node::StartState{}, Random(1)) {
  until("the server leads", [this] { return node_.peer().established(); });
}

World::~World() {
  processes_.clear();  // before the server that their links tell of their end
}

Process& World::process(std::chrono::milliseconds session_timeout) {
  ClientConfig config;
  config.servers = "server";
  config.session_timeout = session_timeout;
  return *processes_.emplace_back(std::make_unique<Process>(*this, config));
}

Process& World::forgetful_process(std::chrono::milliseconds session_timeout) {
  ClientConfig config;
  config.servers = "server";
  config.session_timeout = session_timeout;
  config.remembered_writes = 0;
  return *processes_.emplace_back(std::make_unique<Process>(*this, config));
}

void World::kill(Process& process) {
  std::erase_if(processes_, [&process](const auto& other) { return other.get() == &process; });
}

bool World::serve() {
  node::Output out = node_.take_output(now());
  bool busy = !out.empty();
  if (out.persist) {
    log_.insert(log_.end(), out.persist->append.begin(), out.persist->append.end());
    node_.persisted(now(), out.persist->ticket);
  }
  if (out.fetch) {
    node_.fetched(now(), out.fetch->ticket,
                  {log_.begin() + (out.fetch->from.value - 1), log_.begin() + out.fetch->to.value});
  }
  for (const node::ClientWrite& write : out.to_clients) {
    const auto at = links_.find(write.connection);
    if (at == links_.end()) continue;
    if (!write.bytes.empty()) at->second->receive(write.bytes);
    if (write.close) at->second->break_off();
  }
  return busy;
}

bool World::fire_timers() {
  bool fired = false;
  for (const auto& process : processes_) {
    if (process->frozen_) continue;
    for (PlayedTimer* timer : process->timers_) fired = timer->maybe_fire(now_ms_) || fired;
  }
  return fired;
}

bool World::step() {
  bool busy = fire_timers();
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    Process& process = *processes_[i];
    if (process.frozen_) continue;
    process.io_.restart();
    busy = process.io_.poll_one() > 0 || busy;
  }
  return serve() || busy;
}

void World::settle() {
  while (step()) {
  }
}

void World::pass(std::chrono::milliseconds time) {
  settle();
  for (const std::int64_t end = now_ms_ + time.count(); now_ms_ < end;) {
    now_ms_ = std::min(end, now_ms_ + step_ms);
    node_.tick(now());
    settle();
  }
}

void World::until(const std::string& what, const std::function<bool()>& holds) {
  settle();
  for (const std::int64_t end = now_ms_ + patience_ms; !holds();) {
    if (now_ms_ >= end) FAIL("never: " << what);
    pass(std::chrono::milliseconds(step_ms));
  }
}

std::vector<std::string> World::children(const std::string& path) const {
  return node_.tree().children(path);
}

std::optional<std::string> World::data(const std::string& path) const {
  const auto found = node_.tree().data(path);
  if (!found) return std::nullopt;
  return found->data.value_or("");
}

}  // namespace muster::test
