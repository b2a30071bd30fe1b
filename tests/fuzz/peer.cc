// The peer port: what a stranger can send before it is known, and what a server of the ensemble, proven by the secret, can send after
// it, be it wrong or a liar. It may bring its neighbour out of step; it may not bring it down.
#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/wire/connect.h"
#include "server/node/peer_codec.h"
#include "server/runtime/introduction.h"
#include "server/runtime/introduction_codec.h"
#include "server/runtime/peer_frames.h"
#include "tests/fuzz/guard.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/requests.h"
#include "tests/fuzz/server.h"

namespace muster::fuzz {
namespace {

using runtime::Handshake;
using runtime::Introduction;

constexpr int members = 3;
// Protobuf believes the length of a string inside of a message whose own length is too great, up to 50 MB: it reserves them, touches
// none, and refuses the message. That is bounded, so it passes here.
constexpr std::size_t protobuf_reserves = 50'000'000;

const runtime::Acquaintances& acquaintances(ServerId self) {
  static const std::vector<runtime::Acquaintances> all = [] {
    std::vector<runtime::Acquaintances> made;
    for (int id = 0; id <= members; ++id)
      made.push_back({ServerId{id}, {ServerId{1}, ServerId{2}, ServerId{3}}, "a secret of the ensemble"});
    return made;
  }();
  return all[static_cast<std::size_t>(self.value)];
}

// Three servers that founded an ensemble, as they are then; and one that is new.
struct Scenes {
  std::vector<Server> founded;
  Server blank{2, members};

  Scenes() {
    for (int id = 1; id <= members; ++id) founded.emplace_back(id, members);
    for (Server& server : founded) link(server);
    for (int i = 0; i < 200; ++i) {
      for (Server& server : founded) server.pass(25);
      exchange();
    }
    link(blank);
    require(std::all_of(founded.begin(), founded.end(),
                        [](const Server& s) { return s.node().peer().established(); }),
            "three servers find a leader");
  }
  static void link(Server& server) {
    for (int other = 1; other <= members; ++other)
      if (server.self() != ServerId{other})
        server.input([&](node::Node& node, Now now) { node.peer_up(now, ServerId{other}, 1); });
  }
  void exchange() {
    for (bool busy = true; busy;) {
      busy = false;
      for (Server& server : founded) {
        server.turn(
            [](const node::ClientWrite&) {},
            [&](const node::PeerEnvelope& envelope) {
              busy = true;
              founded[static_cast<std::size_t>(envelope.to.value - 1)].input([&](node::Node& node, Now now) {
                node.peer_message(now, server.self(), envelope.link, envelope.message);
              });
            });
      }
    }
  }
};

// A connection to another server: both ends' introductions, then messages.
struct Link {
  Handshake ours, theirs;
  runtime::PeerFrames frames;
  std::deque<Introduction> to_them;
  bool opened = false, proven = false;  // the other side spoke first; has sent what only the secret gives
  bool introduced = false;
  broadcast::LinkId id = 0;
};

class Port {
 public:
  explicit Port(Input input) : input_(input), server_(scene(input_)) {
    for (int id = 1; id <= members; ++id)
      if (ServerId{id} != server_.self()) links_.emplace(ServerId{id}, known_link(ServerId{id}));
  }

  void run() {
    while (!input_.empty()) {
      step();
      if (input_.flag()) turn();
    }
    server_.hold_disk(false);
    for (int i = 0; i < 4; ++i) {
      turn();
      server_.pass(500);
    }
    turn();
  }

 private:
  static const Server& scene(Input& input) {
    static const Scenes scenes;
    const std::size_t which = input.pick(members + 1);
    return which < members ? scenes.founded[which] : scenes.blank;
  }

  void step() {
    switch (input_.pick(12)) {
      case 0: {
        const ServerId from = other();
        return hear(from, input_.text());
      }
      case 1: {
        const ServerId from = other();
        return say(from, input_.text());
      }
      case 2:
      case 3:
      case 4:
      case 5: {
        const ServerId from = other();
        return say(from, encoded(message(input_, server_.node())));
      }
      case 6:
        return say_badly();
      case 7:
        return connect(other());
      case 8:
        return introduce(other());
      case 9:
        return server_.pass(std::int64_t{10} * input_.byte());
      case 10:
        return input_.flag() ? server_.hold_disk(input_.flag()) : resign();
      default:
        return client();
    }
  }

  ServerId other() {
    auto link = links_.begin();
    std::advance(link, input_.pick(links_.size()));
    return link->first;
  }

  // Links.

  Link new_link(ServerId to) {
    const bool dials = to < server_.self();
    const auto& us = acquaintances(server_.self());
    const auto& them = acquaintances(to);
    const std::string our_nonce(runtime::nonce_size, 'o');
    const std::string their_nonce(runtime::nonce_size, 't');
    return Link{dials ? Handshake::dialing(us, to, our_nonce) : Handshake::accepting(us, our_nonce),
                dials ? Handshake::accepting(them, their_nonce)
                      : Handshake::dialing(them, server_.self(), their_nonce),
                {},
                {},
                false,
                false,
                false,
                0};
  }
  Link known_link(ServerId to) {
    Link link = new_link(to);
    link.introduced = link.proven = true;
    link.frames.set_limit(runtime::max_peer_frame_bytes);
    link.id = 1;
    return link;
  }
  void connect(ServerId to) {
    lose(to);
    Link link = new_link(to);
    for (Introduction& introduction : link.ours.opening()) link.to_them.push_back(std::move(introduction));
    links_.at(to) = std::move(link);
  }
  void lose(ServerId to) {
    std::optional<Link>& link = links_.at(to);
    if (link && link->introduced)
      server_.input([&](node::Node& node, Now now) { node.peer_down(now, to, link->id); });
    link.reset();
  }

  // What the other side, which knows the secret, says next; perhaps with a byte of its proof changed.
  void introduce(ServerId from) {
    if (!links_.at(from)) connect(from);
    Link& link = *links_.at(from);
    if (link.introduced) return;
    std::vector<Introduction> answers;
    if (!std::exchange(link.opened, true)) answers = link.theirs.opening();
    for (; !link.to_them.empty(); link.to_them.pop_front()) {
      auto step = link.theirs.on_introduction(link.to_them.front());
      if (!step) continue;
      for (Introduction& answer : step->send) answers.push_back(std::move(answer));
    }
    for (Introduction& answer : answers) {
      const bool forged = input_.pick(4) == 0;
      if (forged && !answer.mac.empty())
        answer.mac[input_.pick(answer.mac.size())] ^= static_cast<char>(1 + input_.pick(255));
      if (links_.at(from)) links_.at(from)->proven |= !answer.mac.empty() && !forged;
      say(from, encode(answer));
    }
  }

  // Bytes, as runtime/peer_link takes them.

  static std::string encoded(const node::PeerMessage& message) {
    std::string bytes;
    node::append_encoded(bytes, message);
    return bytes;
  }
  void say(ServerId from, const std::string& payload) {
    std::string frame;
    runtime::append_peer_frame(frame, [&](std::string& out) { out += payload; });
    hear(from, frame);
  }
  void say_badly() {
    const ServerId from = other();
    std::string payload = encoded(message(input_, server_.node()));
    if (payload.empty()) return;
    const std::size_t at = input_.number(2) % payload.size();
    if (input_.flag()) {
      payload[at] = static_cast<char>(input_.byte());
    } else {
      payload.resize(at);
    }
    say(from, payload);
  }
  void hear(ServerId from, std::string_view bytes) {
    const std::size_t piece = input_.flag() ? bytes.size() + 1 : 1 + input_.pick(16);
    for (; !bytes.empty() && links_.at(from); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      given_ += std::min(piece, bytes.size());
      const Budget budget(given_, protobuf_reserves);
      const bool readable = links_.at(from)->frames.feed(
          bytes.substr(0, piece), [&](std::string_view frame) { return sound_ = on_frame(from, frame); });
      if (!std::exchange(sound_, true) || !readable) lose(from);
    }
  }
  bool on_frame(ServerId from, std::string_view frame) {
    Link& link = *links_.at(from);
    if (!link.introduced) return on_introduction(from, link, frame);
    const auto message = node::decode_peer_message(frame);
    if (!message) return false;
    server_.input([&](node::Node& node, Now now) { node.peer_message(now, from, link.id, *message); });
    return true;
  }
  bool on_introduction(ServerId from, Link& link, std::string_view frame) {
    const auto heard = runtime::decode_introduction(frame);
    if (!heard) return false;
    auto step = link.ours.on_introduction(*heard);
    if (!step) return false;
    for (Introduction& answer : step->send) link.to_them.push_back(std::move(answer));
    if (!step->done) return true;
    require(link.proven, "nobody is believed without the secret");
    require(link.ours.other() == from, "it is who it says");
    link.introduced = true;
    link.frames.set_limit(runtime::max_peer_frame_bytes);
    link.id = ++last_link_;
    server_.input([&](node::Node& node, Now now) { node.peer_up(now, from, link.id); });
    return true;
  }

  // What happens at home.

  void resign() {
    server_.input([](node::Node& node, Now now) { node.transfer(now); });
  }
  // A client of this server comes, or asks, so that there is something of its own to be answered.
  void client() {
    std::string bytes;
    if (client_ == 0 || input_.pick(4) == 0) {
      client_ = ++last_client_;
      server_.input([&](node::Node& node, Now now) { node.client_opened(now, client_, "127.0.0.1"); });
      bytes = wire::encode_connect_request({0, {}, 4000, {}, "", false, std::nullopt});
    } else {
      bytes = wire::encode_request(Xid{1}, request(input_));
    }
    given_ += bytes.size();
    server_.input([&](node::Node& node, Now now) { node.client_bytes(now, client_, bytes); });
  }

  void turn() {
    const Budget budget(given_, protobuf_reserves);
    server_.turn(
        [this](const node::ClientWrite& write) {
          if (write.close && write.connection == client_) client_ = 0;
        },
        [](const node::PeerEnvelope& envelope) { (void)encoded(envelope.message); });
  }

  Input input_;
  Server server_;
  std::map<ServerId, std::optional<Link>> links_;
  broadcast::LinkId last_link_ = 1;
  node::ConnId client_ = 0, last_client_ = 0;
  std::size_t given_ = 1024;  // the ensemble's own entries
  bool sound_ = true;
};

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::Port(muster::fuzz::Input(data, size)).run();
  return 0;
}
