#include "tests/exhaustive/world.h"

#include <stdexcept>
#include <utility>

#include "common/mutant.h"
#include "server/broadcast/describe.h"

namespace muster::exhaustive {
namespace {

using Kind = Choice::Kind;

constexpr std::size_t at(int id) { return static_cast<std::size_t>(id); }

void put(std::string& bytes, std::uint32_t number, int width) {
  for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(number >> (8 * i)));
}

std::uint32_t get(std::string_view& bytes, int width) {
  std::uint32_t number = 0;
  for (int i = 0; i < width; ++i)
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at(i)])) << (8 * i);
  bytes.remove_prefix(at(width));
  return number;
}

constexpr std::size_t longest_stream = 31;
constexpr int message_width = 3;  // bytes; Catalogue's key has room for no more either

Choice choice(Kind kind, int a, int b = 0) {
  return Choice{kind, static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b)};
}

bool may_notice(const World& world, int id, int other) {
  return world.broken[at(id)][at(other)] && !world.noticed[at(id)][at(other)];
}

template <class Do>
void for_others(int id, Do&& act) {
  for (int other = 1; other <= ensemble_size; ++other) {
    if (other != id) act(other);
  }
}

}  // namespace

std::string World::pack() const {
  std::string bytes;
  put(bytes, record, 4);
  for (const std::uint8_t left_of :
       {isolated, left.writes, left.crashes, left.partitions, left.time_outs, left.barriers, left.holds})
    put(bytes, left_of, 1);
  for (int from = 1; from <= ensemble_size; ++from) {
    put(bytes, servers[at(from)] << 1U | (held[at(from)][at(from)] ? 1U : 0U), 4);
    for_others(from, [&](int to) {
      const Stream& stream = streams[at(from)][at(to)];
      const std::uint32_t link = (broken[at(from)][at(to)] ? 1U : 0U) |
                                 (noticed[at(from)][at(to)] ? 2U : 0U) | (held[at(from)][at(to)] ? 4U : 0U);
      if (stream.size() > longest_stream)
        throw std::length_error("more messages on a link than a state has room for");
      put(bytes, static_cast<std::uint32_t>(stream.size()) << 3U | link, 1);
      for (const MessageNumber message : stream) put(bytes, message, message_width);
    });
  }
  return bytes;
}

World World::unpack(std::string_view bytes) {
  World world;
  world.record = get(bytes, 4);
  for (std::uint8_t* left_of :
       {&world.isolated, &world.left.writes, &world.left.crashes, &world.left.partitions,
        &world.left.time_outs, &world.left.barriers, &world.left.holds})
    *left_of = static_cast<std::uint8_t>(get(bytes, 1));
  for (int from = 1; from <= ensemble_size; ++from) {
    const std::uint32_t server = get(bytes, 4);
    world.servers[at(from)] = server >> 1U;
    world.held[at(from)][at(from)] = (server & 1U) != 0;
    for_others(from, [&](int to) {
      const std::uint32_t link = get(bytes, 1);
      world.broken[at(from)][at(to)] = (link & 1U) != 0;
      world.noticed[at(from)][at(to)] = (link & 2U) != 0;
      world.held[at(from)][at(to)] = (link & 4U) != 0;
      Stream& stream = world.streams[at(from)][at(to)];
      for (std::uint32_t left_of = link >> 3U; left_of > 0; --left_of)
        stream.push_back(get(bytes, message_width));
    });
  }
  return world;
}

// --- what may happen

void Ensemble::add_faults(const World& world, int id, std::vector<Choice>& out) const {
  if (world.left.writes > 0) out.push_back(choice(Kind::propose, id));
  if (world.left.barriers > 0) out.push_back(choice(Kind::barrier, id));
  if (world.left.time_outs > 0) out.push_back(choice(Kind::time_out, id));
  if (world.left.crashes == 0) return;
  const int variants = catalogue_.view(world.servers[at(id)]).crash_variants;
  for (int variant = 0; variant < variants; ++variant) out.push_back(choice(Kind::crash, id, variant));
}

void Ensemble::choices(const World& world, Order order, std::vector<Choice>& out) const {
  out.clear();
  if (order == Order::settling) add_interferences(world, out);
  for (int id = 1; id <= ensemble_size; ++id) {
    const View& view = catalogue_.view(world.servers[at(id)]);
    if (!view.up) out.push_back(choice(Kind::start, id));
    if (!view.up) continue;
    if (world.left.partitions > 0 && world.isolated == 0) out.push_back(choice(Kind::isolate, id));
    if (order == Order::settling) continue;
    for_others(id, [&](int other) {
      if (!world.streams[at(other)][at(id)].empty()) out.push_back(choice(Kind::deliver, other, id));
      if (may_notice(world, id, other)) out.push_back(choice(Kind::notice, id, other));
    });
    if (view.writes) out.push_back(choice(Kind::disk, id));
    add_faults(world, id, out);
  }
  if (world.isolated != 0) out.push_back(choice(Kind::heal, world.isolated));
}

// What happens to one server by itself may as well happen just before that server's next step, and is only offered there: nobody
// sees the difference. To hold something back matters only when it would be next.
void Ensemble::add_interferences(const World& world, std::vector<Choice>& out) const {
  const auto next = next_by_itself(world);
  for (int from = 1; from <= ensemble_size; ++from) {
    for (int to = 1; to <= ensemble_size; ++to) {
      if (world.held[at(from)][at(to)]) out.push_back(choice(Kind::release, from, to));
    }
    const bool acts = next && (next->kind == Kind::deliver ? next->b : next->a) == from;
    if ((acts || !next) && catalogue_.view(world.servers[at(from)]).up) add_faults(world, from, out);
  }
  if (!next || world.left.holds == 0) return;
  if (next->kind == Kind::deliver) out.push_back(choice(Kind::hold, next->a, next->b));
  if (next->kind == Kind::disk) out.push_back(choice(Kind::hold, next->a, next->a));
}

std::optional<Choice> Ensemble::next_by_itself(const World& world) const {
  for (int id = 1; id <= ensemble_size; ++id) {
    const View& view = catalogue_.view(world.servers[at(id)]);
    if (!view.up) continue;
    for (int other = 1; other <= ensemble_size; ++other) {
      if (other == id) continue;
      if (!world.streams[at(other)][at(id)].empty() && !world.held[at(other)][at(id)])
        return choice(Kind::deliver, other, id);
      if (world.streams[at(other)][at(id)].empty() && may_notice(world, id, other))
        return choice(Kind::notice, id, other);
    }
    if (view.writes && !world.held[at(id)][at(id)]) return choice(Kind::disk, id);
  }
  return std::nullopt;
}

std::string Ensemble::judge(const World& world) const {
  std::string broken = rules_.judge(world.record, world.servers);
  const bool rests = !next_by_itself(world) && world.held == decltype(world.held){};
  if (broken.empty() && rests) broken = rules_.judge_rest(world.record, world.servers);
  return broken;
}

std::string Ensemble::apply(World& world, const Choice& choice) {
  const int id = choice.a;
  switch (choice.kind) {
    case Kind::deliver: {
      World::Stream& stream = world.streams[at(id)][choice.b];
      const MessageNumber message = stream.front();
      stream.erase(stream.begin());
      return input(world, choice.b, Input{Input::Kind::deliver, id}, message);
    }
    case Kind::disk:
      return input(world, id, Input{Input::Kind::disk});
    case Kind::notice:
      world.noticed[at(id)][choice.b] = true;
      world.streams[choice.b][at(id)].clear();
      return input(world, id, Input{Input::Kind::link_down, choice.b});
    case Kind::start:
      return start(world, id);
    case Kind::propose:
      --world.left.writes;
      return input(world, id, Input{Input::Kind::propose});
    case Kind::barrier:
      --world.left.barriers;
      rules_.asked(world.record, id, catalogue_.server(world.servers[at(id)]).barriers + 1);
      return input(world, id, Input{Input::Kind::barrier});
    case Kind::time_out:
      --world.left.time_outs;
      return input(world, id, Input{Input::Kind::time_out});
    case Kind::crash: {
      --world.left.crashes;
      std::string broken = input(world, id, Input{Input::Kind::crash, 0, choice.b});
      crash(world, id);
      return broken;
    }
    case Kind::isolate:
      --world.left.partitions;
      world.isolated = choice.a;
      for_others(id, [&](int other) { sever(world, id, other); });
      return {};
    case Kind::heal:
      return heal(world);
    case Kind::hold:
      --world.left.holds;
      world.held[at(id)][choice.b] = true;
      return {};
    case Kind::release:
      world.held[at(id)][choice.b] = false;
      return {};
  }
  return {};
}

std::string Ensemble::input(World& world, int id, const Input& input, MessageNumber message) {
  const Effect& effect = catalogue_.effect(world.servers[at(id)], input, message);
  if (!effect.broken.empty()) return effect.broken + " (server " + std::to_string(id) + ")";
  world.servers[at(id)] = effect.after;
  for (const auto& [to, sent] : effect.sent) {
    if (!world.broken[at(id)][at(to)]) world.streams[at(id)][at(to)].push_back(sent);
  }
  return rules_.happened(world.record, id, effect);
}

std::string Ensemble::start(World& world, int id) {
  std::string broken = rules_.started(world.record, catalogue_.view(world.servers[at(id)]));
  if (broken.empty()) broken = input(world, id, Input{Input::Kind::start});
  for_others(id, [&](int other) {
    const bool reached = world.isolated != id && world.isolated != other;
    if (broken.empty() && reached && catalogue_.view(world.servers[at(other)]).up)
      broken = connect(world, id, other);
  });
  return broken;
}

std::string Ensemble::connect(World& world, int a, int b) {
  for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
    world.streams[at(from)][at(to)].clear();
    world.broken[at(from)][at(to)] = world.noticed[at(from)][at(to)] = false;
    world.held[at(from)][at(to)] = false;
  }
  std::string broken = input(world, a, Input{Input::Kind::link_up, b});
  return broken.empty() ? input(world, b, Input{Input::Kind::link_up, a}) : broken;
}

std::string Ensemble::heal(World& world) {
  const int id = world.isolated;
  world.isolated = 0;
  std::string broken;
  for_others(id, [&](int other) {
    const bool both_up =
        catalogue_.view(world.servers[at(id)]).up && catalogue_.view(world.servers[at(other)]).up;
    if (broken.empty() && both_up) broken = connect(world, id, other);
  });
  return broken;
}

// What it has sent may still arrive, until the other side notices.
void Ensemble::crash(World& world, int id) {
  rules_.crashed(world.record, id);
  world.held[at(id)][at(id)] = false;
  for_others(id, [&](int other) {
    sever(world, id, other);
    world.streams[at(other)][at(id)].clear();
    world.noticed[at(id)][at(other)] = true;
    world.held[at(other)][at(id)] = false;
  });
}

void Ensemble::sever(World& world, int a, int b) {
  world.broken[at(a)][at(b)] = world.broken[at(b)][at(a)] = true;
}

World Ensemble::founded(const Bounds& bounds) {
  World world;
  for (int id = 1; id <= ensemble_size; ++id) {
    Server empty;
    empty.id = id;
    world.servers[at(id)] = catalogue_.add(std::move(empty));
    for_others(id,
               [&](int other) { world.broken[at(id)][at(other)] = world.noticed[at(id)][at(other)] = true; });
  }
  // A deliberate bug shows only from here on.
  const Mutant mutant = std::exchange(active_mutant, Mutant::none);
  std::string broken;
  for (int id = 1; id <= ensemble_size && broken.empty(); ++id)
    broken = apply(world, choice(Kind::start, id));
  for (auto next = next_by_itself(world); next && broken.empty(); next = next_by_itself(world))
    broken = apply(world, *next);
  active_mutant = mutant;
  const View& first = catalogue_.view(world.servers[1]);
  if (!broken.empty() || first.role.role != broadcast::Role::leading)
    throw std::runtime_error("the servers do not found an ensemble: " + broken);
  world.left = bounds;
  return world;
}

// --- in words

std::string Ensemble::tell(const World& before, const Choice& choice) const {
  const std::string a = std::to_string(choice.a), b = std::to_string(choice.b);
  switch (choice.kind) {
    case Kind::deliver:
      return a + "->" + b + " " + describe(catalogue_.message(before.streams[choice.a][choice.b].front()));
    case Kind::disk:
      return a + " has done " + describe(*catalogue_.server(before.servers[choice.a]).persist);
    case Kind::notice:
      return a + " notices that the link to " + b + " is broken";
    case Kind::start:
      return a + " starts";
    case Kind::propose:
      return "a client of " + a + " writes";
    case Kind::barrier:
      return "a client of " + a + " asks for what is newest";
    case Kind::time_out:
      return a + " times out";
    case Kind::crash: {
      const auto& persist = catalogue_.server(before.servers[choice.a]).persist;
      if (!persist) return a + " crashes";
      return a + " crashes; of " + describe(*persist) + " the disk did " + std::to_string(choice.b / 2) +
             " changes of the log and " + (choice.b % 2 != 0 ? "the vote" : "no vote");
    }
    case Kind::isolate:
      return a + " is cut off";
    case Kind::heal:
      return a + " is no longer cut off";
    case Kind::hold:
      return choice.a == choice.b ? "the disk of " + a + " takes its time" : a + "->" + b + " takes its time";
    case Kind::release:
      return choice.a == choice.b ? "the disk of " + a + " goes on" : a + "->" + b + " goes on";
  }
  return {};
}

std::string Ensemble::tell(const World& world, int id) const {
  const Server& server = catalogue_.server(world.servers[at(id)]);
  return server.peer ? server.peer->describe() : std::to_string(id) + " down";
}

}  // namespace muster::exhaustive
