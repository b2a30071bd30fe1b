#include "tests/exhaustive/catalogue.h"

#include "server/broadcast/fingerprint.h"
#include "tests/exhaustive/hash.h"

namespace muster::exhaustive {
namespace {

template <class Value>
std::string bytes_of(const Value& value) {
  broadcast::Fingerprint bytes;
  bytes.put(value);
  return bytes.take();
}

}  // namespace

ServerNumber Catalogue::add(Server server) {
  const auto [place, fresh] =
      known_servers_.try_emplace(digest(server.fingerprint()), static_cast<ServerNumber>(servers_.size()));
  if (!fresh) return place->second;
  View view;
  view.up = server.peer.has_value();
  if (view.up) {
    view.role = server.peer->role();
    view.last = server.peer->last();
    view.delivered = server.peer->delivered();
    view.waits = server.own_delivered < server.proposed;
  }
  view.durable = add_all(server.disk.log);
  view.handed = add_all(handed_log(server));
  view.mark = server.disk.committed;
  view.writes = server.persist.has_value();
  view.crash_variants = crash_variants(server);
  views_.push_back(std::move(view));
  servers_.push_back(std::move(server));
  return place->second;
}

MessageNumber Catalogue::add(broadcast::Message message) {
  const auto [place, fresh] =
      known_messages_.try_emplace(bytes_of(message), static_cast<MessageNumber>(messages_.size()));
  if (fresh) messages_.push_back(std::move(message));
  return place->second;
}

EntryNumber Catalogue::add(const broadcast::Entry& entry) {
  const auto [place, fresh] =
      known_entries_.try_emplace(bytes_of(entry), static_cast<EntryNumber>(entries_.size()));
  if (fresh) entries_.push_back(entry);
  return place->second;
}

std::vector<EntryNumber> Catalogue::add_all(const std::vector<broadcast::Entry>& log) {
  std::vector<EntryNumber> numbers;
  for (const auto& entry : log) numbers.push_back(add(entry));
  return numbers;
}

const Effect& Catalogue::effect(ServerNumber server, const Input& input, MessageNumber message) {
  const std::uint64_t what =
      input.kind == Input::Kind::deliver ? message : static_cast<std::uint64_t>(input.variant);
  const std::uint64_t key = static_cast<std::uint64_t>(server) << 32U |
                            static_cast<std::uint64_t>(input.kind) << 28U |
                            static_cast<std::uint64_t>(input.peer) << 24U | what;
  const auto known = effects_.find(key);
  if (known != effects_.end()) return known->second;
  Input given = input;
  if (input.kind == Input::Kind::deliver) given.message = &messages_[message];
  Outcome outcome = run(servers_[server], given);
  Effect effect;
  for (Sent& sent : outcome.sent) effect.sent.emplace_back(sent.to, add(std::move(sent.message)));
  for (const auto& delivery : outcome.delivered)
    effect.delivered.push_back({delivery.entry.zxid, add(delivery.entry), delivery.accepted});
  effect.passed = std::move(outcome.passed);
  effect.broken = std::move(outcome.broken);
  effect.after = effect.broken.empty() ? add(std::move(outcome.after)) : server;
  return effects_.emplace(key, std::move(effect)).first->second;
}

}  // namespace muster::exhaustive
