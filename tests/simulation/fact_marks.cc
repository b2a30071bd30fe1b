#include "tests/simulation/fact_marks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/wire/opcodes.h"

namespace muster::simulation {
namespace {

constexpr std::uint64_t is(Fact fact) { return fact.hash; }

bool is_write(std::int64_t type) {
  switch (static_cast<wire::OpCode>(type)) {
    case wire::OpCode::create:
    case wire::OpCode::create2:
    case wire::OpCode::remove:
    case wire::OpCode::set_data:
    case wire::OpCode::multi:
      return true;
    default:
      return false;
  }
}

}  // namespace

void FactMarks::on(const Fact& fact, std::initializer_list<std::int64_t> numbers) {
  std::array<std::int64_t, 4> given{};
  std::copy_n(numbers.begin(), std::min(numbers.size(), given.size()), given.begin());
  switch (fact.hash) {
    case is("ask"):
    case is("answer"):
    case is("client connected"):
    case is("expired"):
      return on_client(fact, given.data());
    case is("role"):
      if (given[1] != 2 && std::exchange(server(given[0]).leads, false)) hit("leader steps down and lives");
      return;
    case is("start"):
    case is("dies"):
    case is("leads"):
    case is("pause"):
    case is("short-pause"):
    case is("resumed"):
    case is("transfer"):
    case is("fetch"):
    case is("room"):
    case is("stalled-disk"):
    case is("loads"):
    case is("installs"):
    case is("sets aside"):
    case is("discards"):
    case is("wipe"):
    case is("wrong-state"):
    case is("state write"):
    case is("state read"):
      return on_server(fact, given[0], given[1]);
    default:
      return;
  }
}

FactMarks::Server& FactMarks::server(std::int64_t number) {
  const auto index = static_cast<std::size_t>(number);
  if (servers_.size() <= index) servers_.resize(index + 1);  // [0] is nobody
  return servers_[index];
}

void FactMarks::on_server(const Fact& fact, std::int64_t number, std::int64_t detail) {
  Server& it = server(number);
  switch (fact.hash) {
    case is("start"):
      it.up = true;
      return;
    case is("dies"):
      return on_death(it, detail == 1);
    case is("leads"):
      return on_leader(it, detail);
    case is("pause"):
    case is("short-pause"):
      it.paused_as_leader = it.leads;
      return;
    case is("resumed"):
      if (std::exchange(it.paused_as_leader, false) && !it.leads)
        hit("leader paused, and found another when it went on");
      return;
    case is("transfer"):
      it.handing_over = true;
      return;
    case is("fetch"):
      return hit("old entries read for a follower");
    case is("room"):
      it.has_room = detail != 0;
      if (it.has_room) return;
      if (it.leads) hit("leader without room on its disk");
      if (std::none_of(servers_.begin(), servers_.end(), [](const Server& s) { return s.up && s.has_room; }))
        hit("no server with room on its disk");
      return;
    case is("stalled-disk"):
      if (it.leads) hit("disk of the leader stalled");
      return;
    default:
      return on_state_work(fact, it, detail);
  }
}

// Steps are the alternatives of node::StateRead and node::StateWrite, in their order.
void FactMarks::on_state_work(const Fact& fact, Server& it, std::int64_t step) {
  switch (fact.hash) {
    case is("loads"):
      return hit("started from a checkpoint");
    case is("installs"):
      it.wrong = false;
      return hit("state installed");
    case is("sets aside"):
      it.wrong = false;
      return hit("state of another server set aside");
    case is("wipe"):
      it.wrong = false;
      return;
    case is("discards"):
      it.wrong = false;
      return hit("damaged checkpoint discarded");
    case is("wrong-state"):
      it.wrong = true;
      return;
    case is("state write"):
      it.receives = step < 2;
      return;
    case is("state read"):
      it.sends = step < 2;
      return;
    default:
      return;
  }
}

void FactMarks::on_death(Server& it, bool power_cut) {
  if (it.handing_over) hit("hand-over cut short");
  if (it.receives) hit("state half received, then crashed");
  if (it.sends) hit("state half sent, then crashed");
  const bool wrong = it.wrong;
  it = {};
  it.wrong = wrong;
  const bool all_down = std::none_of(servers_.begin(), servers_.end(), [](const Server& s) { return s.up; });
  if (power_cut && all_down) hit("power of all servers cut");
}

void FactMarks::on_leader(Server& it, std::int64_t epoch) {
  if (it.wrong) hit("leader with a wrong state");
  for (Server& other : servers_) {
    if (&other == &it) continue;
    if (std::exchange(other.handing_over, false)) hit("hand-over done");
    if (std::exchange(other.receives, false)) hit("state half received, then another leader");
    // A paused one has not heard of it.
    if (other.paused_as_leader && epoch > epoch_) other.leads = false;
  }
  it.leads = true;
  epoch_ = std::max(epoch_, epoch);
}

void FactMarks::on_client(const Fact& fact, const std::int64_t* numbers) {
  Client& client = clients_[numbers[0]];
  switch (fact.hash) {
    case is("ask"):
      client.asked[numbers[2]] = {epoch_, is_write(numbers[3]),
                                  static_cast<wire::OpCode>(numbers[3]) == wire::OpCode::sync};
      return;
    case is("answer"):
      return on_answer(client, numbers[1]);
    case is("expired"):
      client = {};
      return hit("expired while its client was away");
    default:
      break;
  }
  // Connected: to numbers[1], as session numbers[2].
  if (client.session == numbers[2] && client.server != numbers[1]) {
    hit("session moved to another server");
    const bool writes = std::any_of(client.asked.begin(), client.asked.end(),
                                    [](const auto& asked) { return asked.second.write; });
    if (writes) hit("session moved while a write was in flight");
  }
  client.asked.clear();
  client.server = numbers[1];
  client.session = numbers[2];
}

void FactMarks::on_answer(Client& client, std::int64_t xid) {
  const auto place = client.asked.find(xid);
  if (place == client.asked.end()) return;
  const Asked asked = place->second;
  client.asked.erase(place);
  if (asked.epoch == epoch_) return;
  if (asked.write) hit("write answered after a leader change");
  if (asked.sync) hit("sync answered after a leader change");
}

}  // namespace muster::simulation
