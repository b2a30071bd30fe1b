// Everything that servers can be and say, each once, so that a state of the whole is a few numbers. One server's answer to one
// input is worked out once, however many states of the others it is met in.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/exhaustive/server.h"

namespace muster::exhaustive {

using ServerNumber = std::uint32_t;
using MessageNumber = std::uint32_t;
using EntryNumber = std::uint32_t;

// What the rules look at.
struct View {
  bool up = false;
  broadcast::RoleChange role;
  std::vector<EntryNumber> durable, handed;
  Zxid mark;  // its commit mark
  Zxid last, delivered;
  bool waits = false;  // for a write of its own to be delivered
  bool writes = false;
  int crash_variants = 1;
};

struct Delivered {
  Zxid zxid;
  EntryNumber entry = 0;
  bool accepted = false;
};

struct Effect {
  ServerNumber after = 0;
  std::vector<std::pair<int, MessageNumber>> sent;  // to whom
  std::vector<Delivered> delivered;
  std::vector<broadcast::BarrierId> passed;
  std::string broken;
};

class Catalogue {
 public:
  [[nodiscard]] ServerNumber add(Server server);
  // The input's message is named by its number.
  const Effect& effect(ServerNumber server, const Input& input, MessageNumber message = 0);

  [[nodiscard]] const Server& server(ServerNumber number) const { return servers_[number]; }
  [[nodiscard]] const View& view(ServerNumber number) const { return views_[number]; }
  [[nodiscard]] const broadcast::Message& message(MessageNumber number) const { return messages_[number]; }
  [[nodiscard]] const broadcast::Entry& entry(EntryNumber number) const { return entries_[number]; }
  [[nodiscard]] std::size_t servers() const { return servers_.size(); }
  [[nodiscard]] std::size_t effects() const { return effects_.size(); }

 private:
  [[nodiscard]] MessageNumber add(broadcast::Message message);
  [[nodiscard]] EntryNumber add(const broadcast::Entry& entry);
  [[nodiscard]] std::vector<EntryNumber> add_all(const std::vector<broadcast::Entry>& log);

  std::deque<Server> servers_;
  std::deque<View> views_;
  std::deque<broadcast::Message> messages_;
  std::deque<broadcast::Entry> entries_;
  std::unordered_map<std::string, std::uint32_t> known_servers_, known_messages_, known_entries_;
  std::unordered_map<std::uint64_t, Effect> effects_;
};

}  // namespace muster::exhaustive
