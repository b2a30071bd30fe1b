#include "tests/unit/sweeps/ensemble.h"

#include <algorithm>
#include <utility>

#include "server/node/state_work.h"

namespace muster::sweeps {
namespace {

node::NodeConfig config_of(int id, std::uint64_t boot, const std::string& cluster_id) {
  node::NodeConfig config;
  config.peer.self = ServerId{id};
  config.peer.boot = boot;
  for (int member = 1; member <= Ensemble::servers; ++member)
    config.peer.initial.members.push_back({ServerId{member}, true});
  config.peer.entropy = std::string(48, static_cast<char>('a' + id));
  config.peer.cluster_id = cluster_id;
  config.checkpoint.entries = 40;
  config.checkpoint.part_bytes = 4096;
  config.transfer.chunk_bytes = 4096;
  return config;
}

}  // namespace

// --- life and death ---

std::string Ensemble::start(int id) {
  Running server;
  server.disk = std::make_unique<DiskServer>(disks[id], DiskServer::Options{4096, ServerId{id}});
  node::StartState state;
  try {
    state = server.disk->open();
  } catch (const storage::DiskError& error) {
    return error.what();
  }
  static std::uint64_t boots = 0;  // one for each start, also of copied disks
  ++boots;
  server.node = std::make_unique<node::Node>(config_of(id, boots, server.disk->identity().cluster_id()),
                                             std::move(state), Random(boots));
  running_[id] = std::move(server);
  for (auto& [other, running] : running_) {
    if (other == id) continue;
    const broadcast::LinkId link = ++links_made_;
    links_[{id, other}] = links_[{other, id}] = link;
    live(id).peer_up(now(), ServerId{other}, link);
    live(other).peer_up(now(), ServerId{id}, link);
  }
  return {};
}

void Ensemble::start_all() {
  for (int id = 1; id <= servers; ++id) (void)start(id);
}

void Ensemble::kill(int id) {
  running_.erase(id);
  for (auto& [other, running] : running_) {
    const auto link = links_.find({id, other});
    if (link != links_.end()) live(other).peer_down(now(), ServerId{id}, link->second);
  }
  std::erase_if(links_, [id](const auto& item) { return item.first.first == id || item.first.second == id; });
}

void Ensemble::cut_power(Random random) {
  for (auto& [id, disk] : disks) disk.crash_at(1);  // closing a file writes no more
  running_.clear();
  links_.clear();
  messages_.clear();
  for (auto& [id, disk] : disks) disk.crash(random.fork(static_cast<std::uint64_t>(id)));
}

int Ensemble::leader() const {
  for (const auto& [id, running] : running_) {
    const auto& peer = running.node->peer();
    if (peer.role().role == broadcast::Role::leading && peer.established()) return id;
  }
  return 0;
}

// --- the world goes on ---

void Ensemble::pass(std::int64_t ms) {
  settle();
  for (const std::int64_t end = now_ms_ + ms; now_ms_ < end;) {
    now_ms_ += tick_ms;
    for (auto& [id, running] : running_) running.node->tick(now());
    settle();
  }
}

void Ensemble::settle() {
  for (bool busy = true; busy;) {
    busy = false;
    for (int id = 1; id <= servers; ++id) {
      if (!up(id)) continue;
      node::Output out = live(id).take_output(now());
      busy = busy || !out.empty();
      busy = carry_out(id, std::move(out)) || busy;
    }
    busy = deliver() || busy;
  }
}

bool Ensemble::carry_out(int id, node::Output out) {
  Running& server = running_.at(id);
  storage::Durable& log = server.disk->durable();
  bool answered = out.checkpoint || !out.state_reads.empty() || out.state_write;
  for (const node::PeerEnvelope& envelope : out.to_peers)
    messages_.push_back({id, envelope.to.value, envelope.link, envelope.message});
  for (const node::ClientWrite& write : out.to_clients)
    if (server.client && server.client->id == write.connection) hear(*server.client, write.bytes);
  if (out.persist) {
    log.perform(*out.persist);
    server.node->persisted(now(), out.persist->ticket);
    answered = true;
  }
  if (out.fetch) {
    const Zxid to = std::min(out.fetch->to, log.last());
    std::vector<broadcast::Entry> entries;
    if (log.first() <= out.fetch->from && out.fetch->from <= to)
      entries = log.read(out.fetch->from, to, out.fetch->max_bytes);
    server.node->fetched(now(), out.fetch->ticket, std::move(entries));
  }
  use_store(id, out);
  const broadcast::Peer& peer = server.node->peer();
  if (!server.cluster_noted && peer.founding() && peer.delivered() > Zxid{}) {
    server.cluster_noted = true;
    server.disk->identity().set_cluster(peer.founding()->cluster_id);
  }
  if (out.restart) {  // with another state in the place of its own
    kill(id);
    const std::string refusal = start(id);
    if (!refusal.empty()) throw std::runtime_error(refusal);
  }
  return answered;
}

void Ensemble::use_store(int id, node::Output& out) {
  Running& server = running_.at(id);
  node::Node& it = *server.node;
  if (out.checkpoint)
    it.checkpoint_written(now(), out.checkpoint->ticket,
                          node::perform(*out.checkpoint, server.disk->store()));
  for (const node::StateRead& read : out.state_reads)
    node::perform(
        read, server.disk->desk(),
        [&](node::TransferId transfer, const std::string& meta) { it.state_opened(now(), transfer, meta); },
        [&](node::TransferId transfer, std::vector<tree::Record> records) {
          it.state_read(now(), transfer, std::move(records));
        });
  if (out.state_write)
    it.state_written(now(), out.state_write->ticket, node::perform(*out.state_write, server.disk->desk()));
}

bool Ensemble::deliver() {
  const bool any = !messages_.empty();
  for (const Message& message : std::exchange(messages_, {})) {
    const auto link = links_.find({message.from, message.to});
    if (link == links_.end() || link->second != message.link || !up(message.to)) continue;
    live(message.to).peer_message(now(), ServerId{message.from}, message.link, message.message);
  }
  return any;
}

// --- clients ---

void Ensemble::write(int server, int count) {
  Running& running = running_.at(server);
  if (!running.client) {
    running.client = std::make_unique<Client>();
    running.client->id = ++connections_;
    running.node->client_opened(now(), running.client->id, "127.0.0.1");
    wire::ConnectRequest hello;
    hello.timeout_ms = 30'000;
    running.node->client_bytes(now(), running.client->id, running.client->frames.connect(hello));
  }
  Client& client = *running.client;
  for (int i = 0; i < count; ++i) {
    const std::string name = "k" + std::to_string(++written);
    client.asked[++client.xid] = name;
    const std::string data = name + ":" + std::string(400, static_cast<char>('a' + written % 26));
    running.node->client_bytes(now(), client.id,
                               client.frames.ask(test::create("/" + name, data), client.xid));
  }
}

void Ensemble::hear(Client& client, std::string_view bytes) {
  client.frames.receive(bytes);
  for (const std::string& line : client.frames.lines()) {
    if (line.find(" ok path=/") == std::string::npos) continue;
    const auto asked = client.asked.find(std::stoi(line));
    if (asked == client.asked.end()) continue;
    acknowledged.insert(asked->second);
    client.asked.erase(asked);
  }
}

bool Ensemble::holds_all(int id) const {
  const std::vector<std::string> names = node(id).tree().children("/");  // sorted, as the set is
  return std::includes(names.begin(), names.end(), acknowledged.begin(), acknowledged.end());
}

bool Ensemble::agree() const {
  const tree::Tree* first = nullptr;
  for (const auto& [id, running] : running_) {
    const tree::Tree& tree = running.node->tree();
    if (first == nullptr) first = &tree;
    if (tree.applied() != first->applied() || tree.digest() != first->digest() || !holds_all(id))
      return false;
  }
  return first != nullptr;
}

std::string Ensemble::describe() const {
  std::string text;
  for (const auto& [id, running] : running_) {
    const node::Status status = running.node->status();
    text += "server " + std::to_string(id) + " role " + std::to_string(static_cast<int>(status.role.role)) +
            " epoch " + to_string(status.role.epoch) + " applied " + to_string(status.applied) +
            " committed " + to_string(status.committed) + " last " + to_string(status.last) + " digest " +
            std::to_string(status.digest) + (holds_all(id) ? "" : ", lacks some") + "; ";
  }
  return text;
}

}  // namespace muster::sweeps
