// A state on its way: what the sender and the receiver say to each other and ask of their stores.
#include <catch2/catch.hpp>

#include "server/broadcast/recovery.h"
#include "server/node/state_receiver.h"
#include "server/node/state_sender.h"
#include "server/node/state_work.h"
#include "server/storage/state_desk.h"
#include "server/tree/checkpoint_source.h"
#include "tests/support/memory_store.h"

using namespace muster;
using namespace muster::node;

namespace {

constexpr Now at_start{1000, 5000};
const broadcast::WantState wanted{ServerId{2}, 7, Zxid{3}};
const StateReceiver::Source leader{ServerId{1}, 9};

Meta meta_of(const tree::Tree& tree, std::int64_t zxid) {
  Meta meta;
  meta.number = 4;
  meta.base.zxid = Zxid{zxid};
  meta.base.epoch = Epoch{1};
  meta.base.founding.cluster_id = "cluster";
  meta.base.founding.membership.members = {{ServerId{1}, true}};
  meta.base.membership = meta.base.founding.membership;
  meta.base.epochs = {{Epoch{1}, Zxid{1}}};
  meta.digest = tree.digest();
  return meta;
}

broadcast::Peer follower() {
  broadcast::PeerConfig config;
  config.self = ServerId{2};
  config.initial.members = {{ServerId{1}, true}, {ServerId{2}, true}};
  return {config, broadcast::Recovery(broadcast::HardState{}).take(), Random(1)};
}

// A store that holds the state of an empty tree at zxid 5, and one that holds nothing.
struct Pair {
  tree::Tree tree;
  storage::MemoryStore full, empty;
  storage::StateDesk out{full}, in{empty};
  broadcast::Peer peer = follower();
  StateSender sender{TransferLimits{}};
  StateReceiver receiver{TransferLimits{}, 1000};
  Support support = Support::confirmed;
  std::vector<StateReceiver::Answer> answers;
  Now now = at_start;

  Pair() {
    tree.skip({Zxid{5}, 0, 1});
    while (full.clean()) {
    }
    tree::CheckpointSource source(tree);
    source.begin();
    for (bool last = false; !last;) {
      tree::CheckpointSource::Part part = source.next(1000);
      last = part.last;
      REQUIRE(full.put(4, part.records));
    }
    full.publish(4, encode(meta_of(tree, 5)));
  }
  void work() {
    if (receiver.waits_for_support()) receiver.settle(now, support);
    for (const StateRead& read : sender.take_reads())
      perform(
          read, out, [&](TransferId id, const std::string& meta) { sender.opened(at_start, peer, id, meta); },
          [&](TransferId id, std::vector<tree::Record> records) { sender.read(id, std::move(records)); });
    while (const auto write = receiver.next()) receiver.written(write->ticket, perform(*write, in));
  }
  void talk() {
    for (StateSender::Sending& sending : sender.take_messages()) {
      if (const auto* offer = std::get_if<StateOffer>(&sending.message))
        receiver.on_offer(leader, peer, *offer);
      if (auto* chunk = std::get_if<StateChunk>(&sending.message))
        receiver.on_chunk(leader, std::move(*chunk));
    }
    for (const auto& [to, answer] : receiver.take_answers()) {
      CHECK(to == leader);
      answers.push_back(answer);
      if (const auto* ack = std::get_if<StateAck>(&answer)) sender.on_ack(wanted.peer, wanted.link, *ack);
      if (const auto* no = std::get_if<StateRefusal>(&answer))
        sender.on_refusal(at_start, wanted.peer, wanted.link, *no);
    }
  }
  void run() {
    for (int round = 0; round < 20; ++round) {
      work();
      talk();
    }
  }
};

}  // namespace

TEST_CASE("a state goes over whole and takes the place of what was there") {
  Pair pair;
  pair.sender.want(wanted);
  pair.run();
  CHECK(pair.receiver.installed());
  REQUIRE(pair.empty.current());
  CHECK(pair.empty.current()->number == 4);
  CHECK(decode_meta(pair.empty.current()->meta)->base.zxid == Zxid{5});
  CHECK(pair.answers == std::vector<StateReceiver::Answer>{StateAck{1, 1}});
}

TEST_CASE("nothing is installed before the last chunk is there, and a lost link forgets all") {
  Pair pair;
  pair.sender.want(wanted);
  pair.work();
  pair.talk();  // the offer
  pair.work();
  pair.talk();  // the first chunk
  pair.work();
  CHECK(pair.receiver.active());
  pair.receiver.keep_only({ServerId{1}, 10});
  pair.run();
  CHECK_FALSE(pair.receiver.installed());
  CHECK_FALSE(pair.receiver.active());
  CHECK_FALSE(pair.empty.current());
  // The link may be there still; else the sender would wait for ever.
  REQUIRE_FALSE(pair.answers.empty());
  CHECK(pair.answers.back() == StateReceiver::Answer{StateRefusal{1}});
  pair.sender.want(wanted);
  pair.run();
  CHECK(pair.receiver.installed());
}

TEST_CASE("a state whose digest is another is refused, and tried again later") {
  Pair pair;
  Meta wrong = meta_of(pair.tree, 5);
  wrong.number = 5;
  ++wrong.digest;
  pair.full.publish(5, encode(wrong));
  pair.sender.want(wanted);
  pair.run();
  CHECK_FALSE(pair.receiver.installed());
  CHECK_FALSE(pair.empty.current());
  CHECK(pair.answers.back() == StateReceiver::Answer{StateRefusal{1}});
  CHECK(pair.sender.take_reads().empty());
}

TEST_CASE("a whole state waits until the others confirm it, but not for ever") {
  Pair pair;
  pair.support = Support::unknown;
  pair.sender.want(wanted);
  pair.run();
  CHECK_FALSE(pair.receiver.installed());
  CHECK(pair.receiver.active());
  SECTION("they confirm it") {
    pair.support = Support::confirmed;
    pair.run();
    CHECK(pair.receiver.installed());
  }
  SECTION("they are silent") {
    pair.now.mono_ms += 999;
    pair.run();
    CHECK_FALSE(pair.receiver.installed());
    pair.now.mono_ms += 1;
    pair.run();
    CHECK(pair.receiver.installed());
  }
  SECTION("they contradict it") {
    pair.support = Support::contradicted;
    pair.now.mono_ms += 5000;
    pair.run();
    CHECK_FALSE(pair.receiver.installed());
    CHECK_FALSE(pair.receiver.active());
    CHECK(pair.answers.back() == StateReceiver::Answer{StateRefusal{1}});
  }
}

TEST_CASE("a state that is older than wanted waits for a newer checkpoint") {
  Pair pair;
  pair.sender.want({wanted.peer, wanted.link, Zxid{6}});
  pair.run();
  CHECK(pair.sender.wants_checkpoint());
  CHECK(pair.answers.empty());
  pair.tree.skip({Zxid{6}, 0, 1});
  Meta newer = meta_of(pair.tree, 6);
  newer.number = 5;
  pair.full.publish(5, encode(newer));
  pair.sender.checkpoint_published();
  CHECK_FALSE(pair.sender.wants_checkpoint());
  pair.run();
  CHECK(pair.receiver.installed());
}

TEST_CASE("what is not of the transfer that goes on is ignored, and what does not follow refused") {
  Pair pair;
  pair.sender.want(wanted);
  pair.work();
  pair.talk();
  pair.receiver.on_chunk({ServerId{3}, 9}, StateChunk{1, 1, {}});
  pair.receiver.on_chunk(leader, StateChunk{2, 1, {}});
  CHECK(pair.receiver.take_answers().empty());
  pair.receiver.on_chunk(leader, StateChunk{1, 2, {}});
  CHECK(pair.receiver.take_answers() ==
        std::vector<std::pair<StateReceiver::Source, StateReceiver::Answer>>{{leader, StateRefusal{1}}});
}

TEST_CASE("only so many chunks are ahead of what is written") {
  TransferLimits limits;
  limits.max_chunks_ahead = 2;
  StateSender sender(limits);
  broadcast::Peer peer = follower();
  tree::Tree tree;
  sender.want(wanted);
  REQUIRE(sender.take_reads().size() == 1);
  sender.opened(at_start, peer, 1, encode(meta_of(tree, 5)));
  for (int chunk = 1; chunk <= 2; ++chunk) {
    REQUIRE(sender.take_reads().size() == 1);
    sender.read(1, {{"k" + std::to_string(chunk), "v"}});
  }
  CHECK(sender.take_reads().empty());
  sender.on_ack(wanted.peer, 6, {1, 1});  // of another link
  CHECK(sender.take_reads().empty());
  sender.on_ack(wanted.peer, wanted.link, {1, 1});
  CHECK(sender.take_reads().size() == 1);
  CHECK(sender.take_messages().size() == 3);
}
