#include "client/src/core.h"

#include <algorithm>
#include <boost/asio/query.hpp>
#include <limits>
#include <set>
#include <utility>

#include "client/src/translate.h"

namespace muster::client {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

SessionConfig session_config(const ClientConfig& config, std::size_t hosts) {
  SessionConfig result;
  result.hosts = hosts;
  result.timeout_ms = static_cast<std::int32_t>(config.session_timeout.count());
  result.read_only = config.read_only;
  result.credentials = config.credentials;
  result.remember = config.remembered_writes;
  result.max_in_flight = config.max_in_flight;
  result.max_waiting = config.max_waiting;
  result.max_reply_bytes = config.max_reply_bytes;
  result.min_rest_ms = config.min_backoff.count();
  result.max_rest_ms = config.max_backoff.count();
  return result;
}

// What the streams of an ended session fail with.
error_code over_error(SessionState state) {
  if (state == SessionState::expired) return make_error_code(ErrorCode::session_expired);
  if (state == SessionState::auth_failed) return make_error_code(ErrorCode::auth_failed);
  return make_error_code(ErrorCode::closing);
}

// Tells the cores of a context that it is going. Else a handler that owns a client, and waits in that client's core, would
// own itself.
class CoresOfContext : public asio::execution_context::service {
 public:
  using key_type = CoresOfContext;
  static inline asio::execution_context::id id;

  explicit CoresOfContext(asio::execution_context& context) : service(context) {}

  void add(Core* core, std::weak_ptr<Core> owner) {
    const std::lock_guard lock(mutex_);
    cores_.emplace(core, std::move(owner));
  }
  void remove(Core* core) {
    const std::lock_guard lock(mutex_);
    cores_.erase(core);
  }

 private:
  void shutdown() override {
    std::vector<std::shared_ptr<Core>> alive;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [core, owner] : cores_) alive.push_back(owner.lock());
    }
    for (const auto& core : alive) {
      if (core) core->abandon();
    }
  }

  std::mutex mutex_;
  std::map<Core*, std::weak_ptr<Core>> cores_;
};

CoresOfContext& cores_of(const asio::any_io_executor& executor) {
  return asio::use_service<CoresOfContext>(asio::query(executor, asio::execution::context));
}

}  // namespace

Core::Devices::Devices(Core& core)
    : strand(core.executor()),
      timer(core.platform_->make_timer(strand)),
      link(core.platform_->make_link(strand, core.weak_from_this())) {}

Core::Core(asio::any_io_executor executor, ClientConfig config, ConnectString servers,
           std::shared_ptr<Platform> platform)
    : executor_(std::move(executor)),
      config_(std::move(config)),
      chroot_(std::move(servers.chroot)),
      platform_(std::move(platform)),
      random_(platform_->random_seed()),
      hosts_(std::move(servers.hosts)),
      session_(session_config(config_, hosts_.size()), random_.fork(1), now_ms()),
      timer_at_(never) {
  snapshot_.timeout = config_.session_timeout;
}

std::shared_ptr<Core> Core::start(asio::any_io_executor executor, const ClientConfig& config,
                                  ConnectString servers, std::shared_ptr<Platform> platform) {
  auto core = std::make_shared<Core>(std::move(executor), config, std::move(servers), std::move(platform));
  core->devices_ = std::make_unique<Devices>(*core);
  cores_of(core->executor_).add(core.get(), core);
  core->wish(Command([](Core& self) { self.session_.on_tick(self.now_ms()); }));
  return core;
}

Core::~Core() {
  if (!abandoned_) cores_of(executor_).remove(this);
}

void Core::abandon() {
  // What handlers own, and do when they are destroyed, must meet no lock of ours.
  std::vector<Wish> wishes;
  std::unique_ptr<Devices> devices;
  std::vector<std::weak_ptr<SessionQueue>> session_queues;
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    if (!is_over(snapshot_.state)) snapshot_.state = SessionState::closed;
    wishes.swap(wishes_);
    devices.swap(devices_);
    session_queues.swap(session_queues_);
  }
  for (const auto& queue : session_queues) {
    if (const auto alive = queue.lock()) alive->abandon();
  }
  for (const auto& [id, queue] : watches_) queue->abandon();
  const auto calls = calls_.take_all();
  const auto connecting = std::exchange(connecting_, {});
  const auto closing = std::exchange(closing_, {});
  const auto deadlines = std::exchange(deadlines_, {});
}

// From any thread

void Core::wish(Wish wish) {
  std::unique_lock lock(mutex_);
  if (abandoned_) return;
  wishes_.push_back(std::move(wish));
  if (std::exchange(woken_, true)) return;
  const auto strand = devices_->strand;
  lock.unlock();
  asio::post(strand, [self = shared_from_this()] { self->drain(); });
}

void Core::submit(OperationPtr operation) { wish(std::move(operation)); }

void Core::cancel(const std::weak_ptr<Operation>& operation) {
  wish(Command([operation](Core& self) {
    if (const auto alive = operation.lock()) self.give_up(*alive, asio::error::operation_aborted);
  }));
}

void Core::drop_watch(WatchId id) {
  wish(Command([id](Core& self) {
    self.watches_.erase(id);
    self.session_.drop_watch(self.now_ms(), id);
  }));
}

void Core::close() {
  wish(Command([](Core& self) { self.session_.close(self.now_ms()); }));
}

void Core::update_servers(std::vector<Host> hosts) {
  wish(Command([hosts = std::move(hosts)](Core& self) {
    std::vector<HostId> ids;
    for (const Host& host : hosts) {
      const auto at = std::find(self.hosts_.begin(), self.hosts_.end(), host);
      const auto id = static_cast<HostId>(at - self.hosts_.begin());
      if (at == self.hosts_.end()) self.hosts_.push_back(host);
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
    self.session_.replace_hosts(self.now_ms(), std::move(ids));
  }));
}

std::shared_ptr<SessionQueue> Core::session_events() {
  const auto queue = std::make_shared<SessionQueue>(executor_, config_.max_events);
  const std::lock_guard lock(mutex_);
  queue->push(snapshot_.state);
  if (is_over(snapshot_.state)) queue->end(over_error(snapshot_.state));
  std::erase_if(session_queues_, [](const auto& other) { return other.expired(); });
  session_queues_.push_back(queue);
  return queue;
}

Core::Snapshot Core::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::chrono::milliseconds Core::session_time_left() const {
  const std::int64_t left = lives_until_ms_.load(std::memory_order_relaxed) - now_ms();
  return std::chrono::milliseconds(std::max<std::int64_t>(left, 0));
}

// As version 4 of RFC 4122 writes it.
std::string Core::make_guid() {
  std::uint64_t high = 0, low = 0;
  {
    const std::lock_guard lock(mutex_);
    high = random_.next(), low = random_.next();
  }
  high = (high & ~std::uint64_t{0xF000}) | 0x4000;
  low = (low & ~(std::uint64_t{3} << 62U)) | (std::uint64_t{2} << 62U);
  std::string guid;
  for (const std::uint64_t half : {high, low}) {
    for (unsigned digit = 0; digit < 16; ++digit) {
      if (guid.size() == 8 || guid.size() == 13 || guid.size() == 18 || guid.size() == 23) guid += '-';
      guid += "0123456789abcdef"[(half >> (60 - 4 * digit)) & 15U];
    }
  }
  return guid;
}

// On the strand: operations

void Core::drain() {
  std::vector<Wish> wishes;
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    wishes.swap(wishes_);
  }
  for (Wish& wish : wishes) {
    if (auto* operation = std::get_if<OperationPtr>(&wish)) {
      begin(std::move(*operation));
    } else {
      std::get<Command>(wish)(*this);
    }
  }
  act();
}

void Core::begin(OperationPtr operation) {
  if (operation->done) return;
  if (operation->kind() == Operation::Kind::request) return begin_request(std::move(operation));
  const ErrorCode over = session_.over_because();
  if (operation->kind() == Operation::Kind::close) {
    if (over != ErrorCode::ok) return finish(operation, {});
    session_.close(now_ms());
    closing_.push_back(std::move(operation));
    return;
  }
  if (over != ErrorCode::ok) return finish(operation, {over, {}});
  if (operation->kind() == Operation::Kind::pause) {
    if (operation->timeout.count() <= 0) return finish(operation, {});
    return set_deadline(operation, operation->timeout);
  }
  if (session_.is_connected()) return finish(operation, {});
  set_deadline(operation, config_.connect_timeout);
  set_deadline(operation, operation->timeout);
  connecting_.push_back(std::move(operation));
}

void Core::begin_request(OperationPtr operation) {
  const std::int64_t now = now_ms();
  set_deadline(operation, operation->timeout);
  if (operation->synced) {
    // In flight together with the read. When the connection breaks between the two answers the read alone is asked again:
    // the next server must have seen the zxid of the sync's answer.
    operation->sync_id = session_.submit(now, wire::SyncRequest{"/"});
    calls_.put(operation->sync_id, operation);
  }
  operation->id = session_.submit(now, std::move(operation->request));
  const RequestId id = operation->id;
  calls_.put(id, std::move(operation));
}

// The earlier one counts.
void Core::set_deadline(const OperationPtr& operation, std::chrono::milliseconds timeout) {
  if (timeout.count() <= 0) return;
  const std::int64_t deadline = now_ms() + timeout.count();
  if (operation->deadline_ms != 0 && operation->deadline_ms <= deadline) return;
  deadlines_.erase({operation->deadline_ms, operation->deadline_order});
  operation->deadline_ms = deadline;
  operation->deadline_order = ++deadlines_made_;
  deadlines_.emplace(std::pair(deadline, operation->deadline_order), operation);
}

// It completes at once; what it asked is withdrawn.
void Core::give_up(Operation& operation, error_code error) {
  if (std::exchange(operation.done, true)) return;
  operation.fail(*this, error);
  deadlines_.erase({operation.deadline_ms, operation.deadline_order});
  const std::int64_t now = now_ms();
  for (const RequestId id : {operation.sync_id, operation.id}) {
    if (id == 0) continue;
    session_.withdraw(now, id);
    (void)calls_.take(id);
  }
}

void Core::expire_operations(std::int64_t now) {
  while (!deadlines_.empty() && deadlines_.begin()->first.first <= now) {
    const OperationPtr operation = deadlines_.begin()->second;
    const bool paused = operation->kind() == Operation::Kind::pause;
    give_up(*operation, paused ? error_code() : make_error_code(ErrorCode::operation_timeout));
  }
}

void Core::finish(const OperationPtr& operation, wire::Reply reply) {
  if (std::exchange(operation->done, true)) return;
  if (operation->deadline_ms != 0) deadlines_.erase({operation->deadline_ms, operation->deadline_order});
  operation->answer(*this, std::move(reply));
}

void Core::finish_waiting(std::vector<OperationPtr>& operations, error_code error) {
  for (const OperationPtr& operation : std::exchange(operations, {})) {
    if (std::exchange(operation->done, true)) continue;
    deadlines_.erase({operation->deadline_ms, operation->deadline_order});
    operation->fail(*this, error);
  }
}

std::shared_ptr<WatchQueue> Core::make_watch(WatchId id, std::string path, bool one_shot) {
  auto queue = std::make_shared<WatchQueue>(shared_from_this(), id, std::move(path), one_shot);
  watches_.emplace(id, queue);
  return queue;
}

// On the strand: the session's driver

void Core::on_connected() {
  session_.on_connected(now_ms());
  act();
}

void Core::on_bytes(std::string_view bytes) {
  session_.on_bytes(now_ms(), bytes);
  act();
}

void Core::on_lost() {
  session_.on_lost(now_ms());
  act();
}

void Core::on_probed(HostId host, bool read_write) {
  session_.on_probed(now_ms(), host, read_write);
  act();
}

// Does what the session asks, until it asks for nothing.
void Core::act() {
  for (std::vector<Action> actions = session_.take_actions(); !actions.empty();
       actions = session_.take_actions()) {
    for (Action& action : actions) std::visit([this](auto& a) { act_on(a); }, action);
  }
  lives_until_ms_.store(session_.certain_until(), std::memory_order_relaxed);
  set_timer();
}

void Core::act_on(Connect& action) { devices_->link->connect(hosts_[action.host]); }
void Core::act_on(Disconnect& /*action*/) { devices_->link->disconnect(); }
void Core::act_on(Write& action) { devices_->link->write(action.bytes); }
void Core::act_on(Probe& action) { devices_->link->probe(action.host, hosts_[action.host]); }

void Core::act_on(Complete& action) {
  const OperationPtr operation = calls_.take(action.id);
  if (!operation) return;
  if (action.id == operation->sync_id) {
    operation->sync_error = action.reply.error;
  } else if (operation->sync_error != ErrorCode::ok) {
    finish(operation, {operation->sync_error, {}});
  } else {
    finish(operation, std::move(action.reply));
  }
}

void Core::act_on(WatchFired& action) {
  action.event.path = local_path(chroot_, std::move(action.event.path));
  for (const WatchId id : action.watches) {
    const auto at = watches_.find(id);
    if (at == watches_.end()) continue;
    const std::shared_ptr<WatchQueue> queue = at->second;
    if (queue->one_shot()) watches_.erase(at);
    queue->push(action.event);
  }
}

void Core::act_on(StateChanged& action) {
  note_state(action.state);
  if (session_.is_connected()) finish_waiting(connecting_, {});
  if (muster::is_over(action.state)) end_everything();
}

void Core::note_state(SessionState state) {
  const std::lock_guard lock(mutex_);
  snapshot_ = {state, session_.id(), std::chrono::milliseconds(session_.timeout_ms())};
  for (const auto& queue : session_queues_) {
    const auto alive = queue.lock();
    if (!alive) continue;
    alive->push(state);
    if (muster::is_over(state)) alive->end(over_error(state));
  }
}

void Core::end_everything() {
  const error_code why = make_error_code(session_.over_because());
  for (const auto& [id, queue] : std::exchange(watches_, {})) queue->end(why);
  finish_waiting(connecting_, why);
  std::vector<OperationPtr> pauses;
  for (const auto& [key, operation] : deadlines_) {
    if (operation->kind() == Operation::Kind::pause) pauses.push_back(operation);
  }
  finish_waiting(pauses, why);
  const bool unconfirmed = session_.over_because() == ErrorCode::closing && session_.id().value != 0;
  const bool confirmed = session_.close_confirmed() || !unconfirmed;
  finish_waiting(closing_, confirmed ? error_code() : make_error_code(ErrorCode::connection_loss));
}

// Set anew only when it would fire too late: with traffic, the moment of the next ping moves on with each message. When it
// fires too early, nothing is due.
void Core::set_timer() {
  std::int64_t next = session_.next_tick().value_or(never);
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first.first);
  if (next == never) {
    timer_at_ = never;
    devices_->timer->cancel();
    return;
  }
  if (next >= timer_at_) return;
  timer_at_ = next;
  devices_->timer->set(next, [self = shared_from_this()] {
    if (self->timer_at_ == never) return;
    self->timer_at_ = never;
    const std::int64_t now = self->now_ms();
    self->expire_operations(now);
    self->session_.on_tick(now);
    self->act();
  });
}

}  // namespace muster::client
