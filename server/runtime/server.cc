#include "server/runtime/server.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <limits>
#include <utility>

#include "server/runtime/checkpoint_thread.h"
#include "server/runtime/client_listener.h"
#include "server/runtime/crypto.h"
#include "server/runtime/data_directory.h"
#include "server/runtime/disk_log.h"
#include "server/runtime/disk_thread.h"
#include "server/runtime/host.h"
#include "server/runtime/logging.h"
#include "server/runtime/peer_mesh.h"
#include "server/runtime/poller.h"
#include "server/runtime/ticker.h"

namespace muster::runtime {
namespace {

constexpr std::int64_t kMeasureMs = 5000;     // between two looks at the files that only people ask for
constexpr std::int64_t kCheckRoomMs = 1000;   // between two looks for room that was missing
constexpr std::size_t kOwnDescriptors = 512;  // for the log, the other servers and whatever libraries open

node::NodeConfig node_config(const config::Config& config, bool found, const std::string& cluster_id) {
  node::NodeConfig out;
  out.peer.self = config.server_id;
  out.peer.boot = random_number();
  out.peer.initial = config.membership();
  out.peer.entropy = random_bytes(48);
  out.peer.found = found;
  out.peer.cluster_id = cluster_id;
  out.peer.heartbeat_ms = config.heartbeat_ms;
  out.peer.election_timeout_ms = config.election_timeout_ms;
  out.peer.max_kept_checkpoints = config.max_kept_checkpoints;
  out.tick_ms = config.tick_ms;
  out.disk_stall_ms = config.disk_stall_ms;
  out.limits = config.limits;
  out.checkpoint = config.checkpoint;
  out.super_digest = config.super_digest;
  out.four_letter_words = config.four_letter_words;
  out.facts = host_facts(config);
  return out;
}

Acceptor client_acceptor(asio::io_context& io, const config::Config& config, const ServerOptions& options) {
  if (options.client_listener >= 0) return adopt_listener(io, options.client_listener);
  return open_listener(io, config.client_address, "client_address");
}

// The server's own name may lead anywhere, or nowhere yet: then it listens on all addresses.
Acceptor peer_acceptor(asio::io_context& io, const config::Config& config, const ServerOptions& options) {
  if (options.peer_listener >= 0) return adopt_listener(io, options.peer_listener);
  const config::Server* self = config.find(config.server_id);
  if (self == nullptr) return Acceptor(io);
  config::Endpoint endpoint = self->peer;
  if (!config::is_literal_address(endpoint.host) && endpoint.host != "localhost") endpoint.host.clear();
  return open_listener(io, endpoint, "the peer address");
}

// Raises the process' limit of open files as far as it may; gives how many of them clients can have.
std::size_t descriptors_for_clients(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto all = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t left = all - std::min(all / 2, kOwnDescriptors);
  if (left < wanted) {
    log::warn(
        fmt::format("max_connections is {}, but this process may have only {} files open: {} clients at most",
                    wanted, all, left));
  }
  return left;
}

std::string describe(const broadcast::RoleChange& change) {
  switch (change.role) {
    case broadcast::Role::leading:
      return fmt::format("leading epoch {}", change.epoch.value);
    case broadcast::Role::following:
      return fmt::format("following server {} in epoch {}", change.leader.value, change.epoch.value);
    case broadcast::Role::looking:
      break;
  }
  return fmt::format("looking for a leader, epoch {}", change.epoch.value);
}

void tell(const node::DigestJudgement& found) {
  const std::string values =
      fmt::format("at zxid {} this server's state has the digest {:016x} and ", found.zxid.value, found.own);
  switch (found.finding) {
    case node::DigestFinding::agreed:
      return log::info("a majority has the same state as this server again: it serves");
    case node::DigestFinding::contested:
      return log::error(
          fmt::format("{}another server's {:016x}, and no majority has either: nobody serves until one has. "
                      "Find the server "
                      "that is wrong (muster data verify), move its data directory away and start it empty",
                      values, found.other));
    case node::DigestFinding::differs:
      return log::error(
          fmt::format("{}a majority's {:016x}: it sets its state aside and waits for the leader's; check "
                      "this machine's memory",
                      values, found.other));
  }
}

}  // namespace

// Everything that lives long, in the order of its construction. The disk threads end first of all, in
// shut_down().
struct Server::State {
  State(const config::Config& given, const ServerOptions& options)
      : config(given),
        options_for_restart(options),
        directory(config),
        disk_log(config.data_dir, config.disk_stall_ms),
        poller(io, [this](const std::function<void()>& work) { driver.turn(work); }),
        peer_port(peer_acceptor(io, config, options)),
        driver(io,
               node::Node(node_config(config, options.found, directory.identity().cluster_id()),
                          directory.start_state(), Random(random_number())),
               {[this](node::Output output) { route(std::move(output)); }, [this] { flush(); }}),
        clients(driver, client_acceptor(io, config, options), poller,
                descriptors_for_clients(config.limits.max_connections)),
        mesh(io, driver, config, std::move(peer_port), poller),
        ticker(io, driver, std::max<std::int64_t>(1, config.heartbeat_ms / 2),
               [this](Now now) { on_tick(now); }),
        signals(io),
        disk(directory.durable(),
             {[this](broadcast::Ticket ticket) { on_persisted(ticket); },
              [this](broadcast::Ticket ticket, std::vector<broadcast::Entry> entries) {
                on_fetched(ticket, std::move(entries));
              },
              [this](bool room) { feed([=](node::Node& node, Now now) { node.disk_room(now, room); }); }}),
        checkpoints(directory.store(),
                    {[this](node::CheckpointTicket ticket, node::CheckpointResult result) {
                       feed([=](node::Node& node, Now now) { node.checkpoint_written(now, ticket, result); });
                     },
                     [this](node::TransferId id, const std::string& meta) {
                       feed([=](node::Node& node, Now now) { node.state_opened(now, id, meta); });
                     },
                     [this](node::TransferId id, std::vector<tree::Record> records) {
                       feed([id, records = std::move(records)](node::Node& node, Now now) mutable {
                         node.state_read(now, id, std::move(records));
                       });
                     },
                     [this](std::uint64_t ticket, bool room) {
                       feed([=](node::Node& node, Now now) { node.state_written(now, ticket, room); });
                     }}) {}

  void route(node::Output output);
  void flush();
  void on_tick(Now now);
  // On the disk thread, and on the checkpoint thread.
  void on_persisted(broadcast::Ticket ticket);
  void on_fetched(broadcast::Ticket ticket, std::vector<broadcast::Entry> entries);

  // From another thread.
  template <class Feed>
  void feed(Feed feed) {
    asio::post(io, [this, feed = std::move(feed)]() mutable { driver.input(std::move(feed)); });
  }

  void measure(Now now);
  void check_room(Now now);
  void note_cluster();
  void begin_stop();
  void maybe_shut_down(Now now);
  void shut_down();
  [[nodiscard]] bool leads() const { return driver.node().peer().role().role == broadcast::Role::leading; }

  config::Config config;
  ServerOptions options_for_restart;
  DataDirectory directory;
  DiskLog disk_log;
  asio::io_context io{1};  // one thread runs it
  Poller poller;
  // Listens before the state is read, so that the others have called when it is there: else they would next call up to their longest
  // back-off later. Then it is the mesh's.
  Acceptor peer_port;
  NodeDriver driver;
  ClientListener clients;
  PeerMesh mesh;
  Ticker ticker;
  asio::signal_set signals;
  DiskThread disk;
  CheckpointThread checkpoints;

  std::int64_t measure_at_ms = 0, check_room_at_ms = 0;  // mono_ms
  bool cluster_noted = false;
  bool restarting = false;                 // shutting down, to start again with another state
  std::optional<Zxid> state_at_least;      // with that: its own is to be set aside (node::Output)
  std::optional<std::int64_t> stop_by_ms;  // stopping: then at the latest
};

void Server::State::route(node::Output output) {
  for (const auto& change : output.roles) log::info(describe(change));
  if (output.disk) disk_log.tell(*output.disk);
  for (const auto& envelope : output.to_peers) mesh.send(envelope);
  if (output.persist) disk.persist(std::move(*output.persist));
  if (output.fetch) disk.fetch(*output.fetch);
  if (output.checkpoint) checkpoints.perform(std::move(*output.checkpoint));
  for (const auto& read : output.state_reads) checkpoints.perform(read);
  if (output.state_write) checkpoints.perform(std::move(*output.state_write));
  if (output.digests) tell(*output.digests);
  if (output.restart && !stop_by_ms) {
    restarting = true;
    state_at_least = output.state_at_least;
    asio::post(io, [this] { shut_down(); });
  }
  for (auto& write : output.to_clients) clients.write(std::move(write));
}

void Server::State::flush() {
  mesh.flush();
  clients.flush();
  note_cluster();
  if (stop_by_ms) maybe_shut_down(NodeDriver::now());
}

void Server::State::on_tick(Now now) {
  clients.sweep(now);
  measure(now);
  check_room(now);
  if (stop_by_ms) maybe_shut_down(now);
}

void Server::State::on_persisted(broadcast::Ticket ticket) {
  asio::post(
      io, [this, ticket] { driver.input([&](node::Node& node, Now now) { node.persisted(now, ticket); }); });
}

void Server::State::on_fetched(broadcast::Ticket ticket, std::vector<broadcast::Entry> entries) {
  asio::post(io, [this, ticket, entries = std::move(entries)]() mutable {
    driver.input([&](node::Node& node, Now now) { node.fetched(now, ticket, std::move(entries)); });
  });
}

// On the disk thread, since it looks at files; a disk that hangs leaves people with the last figures.
void Server::State::measure(Now now) {
  if (now.mono_ms < measure_at_ms) return;
  measure_at_ms = std::numeric_limits<std::int64_t>::max();
  disk.run([this] {
    asio::post(io, [this, measured = measure_host(config.data_dir)] {
      measure_at_ms = NodeDriver::now().mono_ms + kMeasureMs;
      driver.input([&](node::Node& node, Now) { node.measured(measured); });
    });
  });
}

void Server::State::check_room(Now now) {
  if (now.mono_ms < check_room_at_ms) return;
  check_room_at_ms = now.mono_ms + kCheckRoomMs;
  disk.check_room();
}

// Once the founding entry is committed, the directory belongs to that ensemble for ever.
void Server::State::note_cluster() {
  if (cluster_noted) return;
  const auto& peer = driver.node().peer();
  if (!peer.founding() || peer.delivered().value == 0) return;
  cluster_noted = true;
  disk.run([this, id = peer.founding()->cluster_id] { directory.identity().set_cluster(id); });
}

void Server::State::begin_stop() {
  if (stop_by_ms) return;
  log::info("stopping");
  stop_by_ms = NodeDriver::now().mono_ms + config.election_timeout_ms;
  clients.stop_accepting();
  driver.input([](node::Node& node, Now now) { node.transfer(now); });
}

void Server::State::maybe_shut_down(Now now) {
  const bool alone = driver.node().peer().membership().voters() <= 1;
  if (leads() && !alone && now.mono_ms < *stop_by_ms) return;
  // Posted: this may run in the middle of what it closes.
  asio::post(io, [this] { shut_down(); });
}

void Server::State::shut_down() {
  if (restarting) {
    options_for_restart.client_listener = clients.duplicate();
    options_for_restart.peer_listener = mesh.duplicate();
  }
  ticker.close();
  signals.cancel();
  clients.close();
  mesh.close();
  poller.close();
  disk.finish();
  checkpoints.finish();
  io.stop();
}

Server::Server(const config::Config& config, const ServerOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail
  const std::int64_t begun_ms = NodeDriver::now().mono_ms;
  state_ = std::make_unique<State>(config, options);
  const node::Status status = state_->driver.node().status();
  log::info(fmt::format("{} znodes at zxid {}, from a checkpoint at zxid {} and the log above it, in {} ms",
                        status.znodes, status.applied.value, status.checkpoint.value,
                        NodeDriver::now().mono_ms - begun_ms));
}

Server::~Server() = default;

void Server::stop_on_signals() {
  stops_on_signals_ = true;
  watch_signals();
}

void Server::watch_signals() {
  state_->signals.add(SIGINT);
  state_->signals.add(SIGTERM);
  state_->signals.async_wait([this](const error_code& error, int) {
    if (!error) state_->begin_stop();
  });
}

// The listening sockets stay open: who calls meanwhile waits, and finds the same ports.
void Server::start_again() {
  if (!state_->state_at_least)
    log::info("another state has taken the place of this server's: it starts again with it");
  const config::Config config = state_->config;
  const ServerOptions options = state_->options_for_restart;
  const std::lock_guard lock(mutex_);
  if (state_->state_at_least) state_->directory.set_state_aside(*state_->state_at_least);
  state_.reset();
  state_ = std::make_unique<State>(config, options);
  if (stops_on_signals_) watch_signals();
  if (stop_asked_) state_->begin_stop();
}

void Server::run() {
  log::info(fmt::format("server {} serves clients on port {}, data in {}", state_->config.server_id.value,
                        state_->clients.port(), state_->config.data_dir));
  for (;;) {
    state_->poller.start();
    state_->clients.start();
    state_->mesh.start();
    state_->ticker.start();
    state_->io.run();
    if (!state_->restarting) break;
    start_again();
  }
  log::info("stopped");
}

void Server::stop() {
  const std::lock_guard lock(mutex_);
  stop_asked_ = true;
  asio::post(state_->io, [state = state_.get()] { state->begin_stop(); });
}

std::future<node::Status> Server::status() {
  auto promise = std::make_shared<std::promise<node::Status>>();
  auto future = promise->get_future();
  const std::lock_guard lock(mutex_);
  asio::post(state_->io,
             [state = state_.get(), promise] { promise->set_value(state->driver.node().status()); });
  return future;
}

std::uint16_t Server::client_port() const {
  const std::lock_guard lock(mutex_);
  return state_->clients.port();
}

}  // namespace muster::runtime
