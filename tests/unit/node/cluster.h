// Servers in one memory, with disks that are durable at once and links that are quick, and clients that speak
// in text.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/node/node.h"
#include "server/node/peer_codec.h"
#include "server/node/state_work.h"
#include "server/storage/state_desk.h"
#include "tests/support/memory_store.h"
#include "tests/unit/frontend/frames.h"

namespace muster::test {

inline constexpr std::int64_t tick_ms = 25;

struct Disk {
  broadcast::HardState hard_state;
  std::vector<broadcast::Entry> log;  // from zxid 1
  Zxid mark;

  [[nodiscard]] Zxid last() const { return Zxid{static_cast<std::int64_t>(log.size())}; }
  void perform(const broadcast::Persist& persist) {
    if (persist.truncate_after) log.resize(static_cast<std::size_t>(persist.truncate_after->value));
    for (const broadcast::Entry& entry : persist.append) {
      REQUIRE(entry.zxid == last().next());
      log.push_back(entry);
    }
    if (persist.hard_state) hard_state = *persist.hard_state;
    mark = std::max(mark, std::min(persist.committed, last()));
  }
  [[nodiscard]] std::vector<broadcast::Entry> read(Zxid from, Zxid to) const {
    const auto end = std::min(to.value, from.value + 2);  // in small pieces
    return {log.begin() + (from.value - 1), log.begin() + end};
  }
};

// The state of a client's connection as the client sees it.
struct Client {
  int server = 0;
  node::ConnId id = 0;
  Frames frames;
  bool closed = false;
  bool reading = true;
  std::int32_t xid = 0;
  std::string raw;  // all bytes received
};

class Cluster {
 public:
  std::int64_t now_ms = 1000;
  node::Limits limits;
  std::size_t max_pending_bytes = std::size_t{64} * 1024 * 1024;
  node::CheckpointLimits checkpoint;
  std::string super_digest;
  std::map<int, Disk> disks;
  std::map<int, storage::MemoryStore> stores;
  std::map<int, std::unique_ptr<node::Node>> nodes;  // those that run
  std::set<int> paused;                              // neither tick nor receive
  bool disks_work = true;                            // else what should be durable waits
  std::set<int> stuck_disks;                         // the same, of single servers
  bool stores_work = true;                           // else work on a checkpoint waits
  bool stores_have_room = true;
  std::map<int, std::vector<std::string>> store_steps;  // put, publish, clean
  std::map<int, Zxid> told_to_start_again;              // with a state not older than this
  std::vector<std::unique_ptr<Client>> clients;

  explicit Cluster(int servers, node::Limits with = {}, const node::CheckpointLimits& checkpoints = {})
      : Cluster(servers, NotBooted{}) {
    limits = with;
    checkpoint = checkpoints;
    boot();
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;

  [[nodiscard]] Now now() const { return {now_ms, 1700000000000 + now_ms}; }
  [[nodiscard]] node::Node& node(int id) { return *nodes.at(id); }
  [[nodiscard]] int leader() const {
    for (const auto& [id, node] : nodes)
      if (node->peer().role().role == broadcast::Role::leading && node->peer().established() &&
          !paused.count(id))
        return id;
    return 0;
  }
  [[nodiscard]] int follower() const {
    for (const auto& [id, node] : nodes)
      if (node->peer().role().role == broadcast::Role::following && !paused.count(id)) return id;
    return 0;
  }

  void start(int id) {
    node::NodeConfig config;
    config.peer.self = ServerId{id};
    config.peer.boot = ++boots_;
    for (int member = 1; member <= servers_; ++member)
      config.peer.initial.members.push_back({ServerId{member}, true});
    config.peer.entropy = std::string(48, static_cast<char>('a' + id));
    config.peer.found = false;
    config.peer.max_pending_bytes = max_pending_bytes;
    config.limits = limits;
    config.four_letter_words = "*";
    config.super_digest = super_digest;
    config.checkpoint = checkpoint;
    nodes[id] = std::make_unique<node::Node>(config, found(id), Random(static_cast<std::uint64_t>(boots_)));
    for (const auto& [other, node] : nodes)
      if (other != id) link(id, other);
  }
  void crash(int id) {
    nodes.erase(id);
    waiting_.erase(id);
    store_waiting_.erase(id);
    desks_.erase(id);
    stores[id].reopen();
    for (const auto& [other, node] : nodes) unlink(id, other);
    for (auto& client : clients)
      if (client->server == id) client->closed = true;
  }
  void link(int a, int b) {
    const broadcast::LinkId name = ++links_made_;
    links_[{a, b}] = links_[{b, a}] = name;
    node(a).peer_up(now(), ServerId{b}, name);
    node(b).peer_up(now(), ServerId{a}, name);
  }
  void unlink(int a, int b) {
    const auto found = links_.find({a, b});
    if (found == links_.end()) return;
    const broadcast::LinkId name = found->second;
    links_.erase({a, b});
    links_.erase({b, a});
    if (nodes.count(a)) node(a).peer_down(now(), ServerId{b}, name);
    if (nodes.count(b)) node(b).peer_down(now(), ServerId{a}, name);
  }

  // Runs until nothing more happens at this moment.
  void settle() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [id, node] : nodes) {
        if (paused.count(id)) continue;
        node::Output out = node->take_output(now());
        busy = busy || !out.empty();
        busy = carry_out(id, out) || busy;
      }
      busy = deliver_messages() || busy;
    }
  }
  void pass(std::int64_t ms) {
    settle();
    for (const std::int64_t end = now_ms + ms; now_ms < end;) {
      now_ms += tick_ms;
      for (auto& [id, node] : nodes)
        if (!paused.count(id)) node->tick(now());
      settle();
    }
  }

  // A connection without session.
  Client& open(int server, const std::string& address = "127.0.0.1") {
    clients.push_back(std::make_unique<Client>());
    Client& client = *clients.back();
    client.server = server;
    client.id = ++connections_;
    node(server).client_opened(now(), client.id, address);
    return client;
  }
  // With one; `expected` is what the server must say.
  Client& connect(int server, wire::ConnectRequest request = {}, const Lines& expected = {"session"}) {
    Client& client = open(server);
    send_bytes(client, client.frames.connect(request));
    settle();
    CHECK(client.frames.lines() == expected);
    return client;
  }
  // What a client that comes back says.
  [[nodiscard]] static wire::ConnectRequest again(const Client& client) {
    wire::ConnectRequest request;
    request.session = client.frames.session.session;
    request.password = client.frames.session.password;
    request.timeout_ms = client.frames.session.timeout_ms;
    request.read_only = false;
    return request;
  }
  void send_bytes(Client& client, std::string_view bytes) {
    node(client.server).client_bytes(now(), client.id, bytes);
  }
  // Sends, and lets nothing else happen. Xids: 1, 2, 3, …
  void send(Client& client, const wire::Request& request) {
    send_bytes(client, client.frames.ask(request, ++client.xid));
  }
  void close(Client& client) {
    client.closed = true;
    node(client.server).client_closed(now(), client.id);
  }
  // All that has come since the last call.
  Lines heard(Client& client) {
    settle();
    return client.frames.lines();
  }
  Lines ask(Client& client, const wire::Request& request) {
    send(client, request);
    return heard(client);
  }

  // The checkpoint that is on that server's disk.
  [[nodiscard]] std::optional<node::LoadedCheckpoint> load(int id) {
    const auto current = stores[id].current();
    if (!current) return std::nullopt;
    const auto view = stores[id].view();
    auto loaded = node::load_checkpoint(current->meta, [&view] { return view->read(100); });
    REQUIRE(loaded.has_value());
    return std::move(*loaded);
  }

 protected:
  struct NotBooted {};
  Cluster(int servers, NotBooted) : servers_(servers) {}
  void boot() {
    for (int id = 1; id <= servers_; ++id) start(id);
    pass(4000);
    REQUIRE(leader() != 0);
  }

  // What the servers' disks do: at a start, with a write (false: not now), with work on a checkpoint, with a read.
  virtual node::StartState found(int id) {
    Disk& disk = disks[id];
    node::StartState state;
    state.checkpoint = load(id);
    state.hard_state = disk.hard_state;
    state.first = Zxid{1};
    state.last = disk.last();
    state.commit_mark = disk.mark;
    state.read = [&disk](Zxid from, Zxid to) { return disk.read(from, to); };
    return state;
  }
  virtual bool write(int id, const broadcast::Persist& persist) {
    if (!disks_work || stuck_disks.count(id)) return false;
    disks[id].perform(persist);
    return true;
  }
  virtual std::optional<node::CheckpointResult> store(int id, const node::CheckpointWork& work) {
    if (!stores_work) return std::nullopt;
    const bool put = std::holds_alternative<node::CheckpointWork::Put>(work.step);
    store_steps[id].push_back(put ? "put" : work.step.index() == 1 ? "publish" : "clean");
    return put && !stores_have_room ? node::CheckpointResult::no_room : node::perform(work, stores[id]);
  }
  virtual std::vector<broadcast::Entry> read(int id, const broadcast::Fetch& fetch) {
    return disks[id].read(fetch.from, fetch.to);
  }

 private:
  struct Message {
    int from = 0, to = 0;
    broadcast::LinkId link = 0;
    std::string bytes;
  };

  // True if a disk answered.
  bool carry_out(int id, node::Output& out) {
    bool answered = false;
    if (out.restart) told_to_start_again[id] = out.state_at_least.value_or(Zxid{});
    if (out.persist) waiting_[id].push_back(*out.persist);
    while (!waiting_[id].empty() && write(id, waiting_[id].front())) {
      const broadcast::Ticket ticket = waiting_[id].front().ticket;
      waiting_[id].pop_front();
      node(id).persisted(now(), ticket);
      answered = true;
    }
    if (out.checkpoint) store_waiting_[id].push_back(std::move(*out.checkpoint));
    while (!store_waiting_[id].empty()) {
      const auto result = store(id, store_waiting_[id].front());
      if (!result) break;
      const node::CheckpointTicket ticket = store_waiting_[id].front().ticket;
      store_waiting_[id].pop_front();
      node(id).checkpoint_written(now(), ticket, *result);
      answered = true;
    }
    storage::StateDesk& desk = desks_.try_emplace(id, stores[id]).first->second;
    for (const node::StateRead& wanted : out.state_reads) {
      node::perform(
          wanted, desk,
          [&](node::TransferId transfer, const std::string& meta) {
            node(id).state_opened(now(), transfer, meta);
          },
          [&](node::TransferId transfer, std::vector<tree::Record> records) {
            node(id).state_read(now(), transfer, std::move(records));
          });
      answered = true;
    }
    if (out.fetch) node(id).fetched(now(), out.fetch->ticket, read(id, *out.fetch));
    for (const node::PeerEnvelope& envelope : out.to_peers) {
      Message message{id, envelope.to.value, envelope.link, {}};
      node::append_encoded(message.bytes, envelope.message);
      const auto back = node::decode_peer_message(message.bytes);
      REQUIRE(back.has_value());
      REQUIRE(*back == envelope.message);
      messages_.push_back(std::move(message));
    }
    node::ConnId before = 0;
    for (const node::ClientWrite& write : out.to_clients) {
      REQUIRE(write.connection > before);  // by connection, each once
      before = write.connection;
      Client& client = *clients.at(write.connection - 1);
      REQUIRE((client.server == id && (!client.closed || write.bytes.empty())));
      client.raw += write.bytes;
      client.frames.receive(write.bytes);
      client.closed = client.closed || write.close;
      client.reading = write.reading.value_or(client.reading);
    }
    return answered;
  }
  bool deliver_messages() {
    std::deque<Message> kept;
    bool any = false;
    for (Message& message : std::exchange(messages_, {})) {
      const auto found = links_.find({message.from, message.to});
      if (found == links_.end() || found->second != message.link || !nodes.count(message.to)) continue;
      if (paused.count(message.to)) {
        kept.push_back(std::move(message));
        continue;
      }
      any = true;
      node(message.to)
          .peer_message(now(), ServerId{message.from}, message.link,
                        *node::decode_peer_message(message.bytes));
    }
    messages_.insert(messages_.begin(), std::make_move_iterator(kept.begin()),
                     std::make_move_iterator(kept.end()));
    return any;
  }

  int servers_;
  std::uint64_t boots_ = 0;
  broadcast::LinkId links_made_ = 0;
  node::ConnId connections_ = 0;
  std::map<std::pair<int, int>, broadcast::LinkId> links_;
  std::deque<Message> messages_;
  std::map<int, std::deque<broadcast::Persist>> waiting_;
  std::map<int, std::deque<node::CheckpointWork>> store_waiting_;
  std::map<int, storage::StateDesk> desks_;
};

}  // namespace muster::test
