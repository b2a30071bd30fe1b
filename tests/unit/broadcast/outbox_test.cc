#include "server/broadcast/outbox.h"

#include <catch2/catch.hpp>

#include "tests/unit/broadcast/values.h"

namespace muster::broadcast {
namespace {

Envelope to(int server, std::int64_t epoch) {
  return Envelope{ServerId{server}, 1, Message{Epoch{epoch}, StandNow{}}};
}
HardState epoch(std::int64_t value) { return HardState{Epoch{value}, ServerId{}, true, Epoch{}}; }

// Those that may leave now.
std::vector<int> leaving(Outbox& outbox) {
  std::vector<int> ids;
  for (const Envelope& envelope : outbox.take_send()) ids.push_back(envelope.to.value);
  return ids;
}

using Ids = std::vector<int>;

}  // namespace

TEST_CASE("a message leaves at once, one that depends on the disk when the disk has it") {
  Outbox outbox(epoch(1), Zxid{});
  outbox.append(entry(1, 1));
  outbox.send(to(2, 1));
  outbox.send_once_durable(to(3, 1));
  CHECK(leaving(outbox) == Ids{2});
  const auto persist = outbox.take_persist(Zxid{});
  REQUIRE(persist);
  CHECK(leaving(outbox).empty());
  outbox.persisted(persist->ticket);
  CHECK(leaving(outbox) == Ids{3});
  CHECK(outbox.durable() == Zxid{1});
}

TEST_CASE("with nothing to write, what waits for the disk need not wait") {
  Outbox outbox(epoch(1), Zxid{});
  outbox.send_once_durable(to(2, 1));
  CHECK(leaving(outbox) == Ids{2});
}

TEST_CASE("nothing names an epoch before it is durable") {
  Outbox outbox(epoch(1), Zxid{});
  outbox.write(epoch(2));
  outbox.send(to(2, 2));
  outbox.send(to(3, 1));
  CHECK(leaving(outbox) == Ids{3});
  const auto persist = outbox.take_persist(Zxid{});
  outbox.send(to(4, 2));
  CHECK(leaving(outbox).empty());
  outbox.persisted(persist->ticket);
  CHECK(leaving(outbox) == Ids{2, 4});
  CHECK(outbox.durable_hard_state().epoch == Epoch{2});
}

// Else the first of two forwards, which waited for a later write than its epoch's, came after the second.
TEST_CASE("what waits for its epoch is not overtaken by what comes when the epoch is durable") {
  Outbox outbox(epoch(1), Zxid{});
  outbox.write(epoch(2));
  const auto vote = outbox.take_persist(Zxid{});
  outbox.append(entry(1, 2));
  outbox.send(to(2, 2));
  CHECK(leaving(outbox).empty());
  outbox.persisted(vote->ticket);
  outbox.send(to(3, 2));
  CHECK(leaving(outbox) == Ids{2, 3});
}

TEST_CASE("one write is in flight; the next gathers and takes its messages along") {
  Outbox outbox(epoch(1), Zxid{});
  outbox.append(entry(1, 1));
  outbox.send_once_durable(to(2, 1));
  const auto first = outbox.take_persist(Zxid{});
  outbox.append(entry(2, 1));
  outbox.append(entry(3, 1));
  outbox.write(epoch(1));
  outbox.send_once_durable(to(3, 1));
  CHECK_FALSE(outbox.take_persist(Zxid{}));
  outbox.persisted(first->ticket);
  CHECK(leaving(outbox) == Ids{2});
  const auto second = outbox.take_persist(Zxid{1});
  REQUIRE(second);
  CHECK(second->append.size() == 2);
  CHECK(second->hard_state);
  CHECK(second->committed == Zxid{1});
  outbox.persisted(second->ticket);
  CHECK(leaving(outbox) == Ids{3});
  CHECK(outbox.durable() == Zxid{3});
}

TEST_CASE("what gathers and is truncated never reaches the disk") {
  Outbox outbox(epoch(1), Zxid{2});
  outbox.append(entry(3, 1));
  outbox.append(entry(4, 1));
  outbox.truncate_after(Zxid{3});
  outbox.append(entry(4, 2));
  const auto persist = outbox.take_persist(Zxid{});
  CHECK_FALSE(persist->truncate_after);
  CHECK(persist->append == std::vector<Entry>{entry(3, 1), entry(4, 2)});
}

TEST_CASE("what is on its way to the disk and is truncated never counts as durable") {
  Outbox outbox(epoch(1), Zxid{2});
  outbox.append(entry(3, 1));
  outbox.append(entry(4, 1));
  const auto first = outbox.take_persist(Zxid{});
  outbox.truncate_after(Zxid{3});
  outbox.append(entry(4, 2));
  outbox.persisted(first->ticket);
  CHECK(outbox.durable() == Zxid{3});
  outbox.truncate_after(Zxid{1});
  CHECK(outbox.durable() == Zxid{1});
  outbox.append(entry(2, 3));
  const auto second = outbox.take_persist(Zxid{});
  CHECK(second->truncate_after == Zxid{1});
  CHECK(second->append == std::vector<Entry>{entry(2, 3)});
  outbox.persisted(second->ticket);
  CHECK(outbox.durable() == Zxid{2});
}

TEST_CASE("an idle log gets a mark for a commit point that it has not seen") {
  Outbox outbox(epoch(1), Zxid{2});
  outbox.note_committed(Zxid{2});
  const auto mark = outbox.take_persist(Zxid{2});
  REQUIRE(mark);
  CHECK(mark->append.empty());
  CHECK(mark->committed == Zxid{2});
  outbox.persisted(mark->ticket);
  outbox.note_committed(Zxid{2});
  CHECK_FALSE(outbox.take_persist(Zxid{2}));
}

}  // namespace muster::broadcast
