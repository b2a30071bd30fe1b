#include "tests/simulation/checks/model.h"

#include <fmt/core.h>
#include <muster/path.h>

#include <algorithm>

#include "server/tree/command.h"

namespace muster::simulation {
namespace {

std::string first_part(const std::optional<std::string>& data) {
  return data ? data->substr(0, data->find('|')) : std::string();
}

bool of_recipes(const std::string& path) { return path.starts_with("/recipes"); }

template <class Ops>
std::string token_of_op(const Ops& operation) {
  const bool free = std::visit(
      [](const auto& request) {
        if constexpr (requires { std::string(request.path); }) return of_recipes(request.path);
        return false;
      },
      operation);
  if (free) return "";
  if (const auto* create = std::get_if<wire::CreateRequest>(&operation)) return first_part(create->data);
  if (const auto* set = std::get_if<wire::SetDataRequest>(&operation)) return first_part(set->data);
  if (const auto* remove = std::get_if<wire::DeleteRequest>(&operation)) return "delete " + remove->path;
  return "";
}

template <class Operation>
std::string token_of_any(const Operation& operation) {
  const auto* multi = std::get_if<wire::MultiRequest>(&operation);
  if (multi == nullptr) return token_of_op(operation);
  for (const wire::MultiOp& op : multi->ops) {
    if (std::string token = token_of_op(op); !token.empty()) return token;
  }
  return "";
}

template <class Ops>
void add_paths(const Ops& operation, std::set<std::string>& paths) {
  if (const auto* create = std::get_if<wire::CreateRequest>(&operation)) paths.insert(create->path);
  if (const auto* set = std::get_if<wire::SetDataRequest>(&operation)) paths.insert(set->path);
  if (const auto* remove = std::get_if<wire::DeleteRequest>(&operation)) paths.insert(remove->path);
}

}  // namespace

std::string token_of(const tree::Operation& operation) { return token_of_any(operation); }
std::string token_of(const wire::Request& request) { return token_of_any(request); }

std::uint64_t hash_of(const std::vector<std::string>& names) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const std::string& name : names) {
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash = (hash ^ 0x2fU) * 0x100000001b3ULL;
  }
  return hash;
}

Model::Model(Loop& loop) : loop_(loop), znodes_(tree_) { remember_initial("/"); }

// What every tree holds before the first entry.
void Model::remember_initial(const std::string& path) {
  const std::vector<std::string> children = tree_.children(path);
  Version version;
  version.node = tree_.data(path);
  version.children = hash_of(children);
  versions_[path].push_back(std::move(version));
  for (const std::string& child : children)
    remember_initial(path == "/" ? "/" + child : fmt::format("{}/{}", path, child));
}

bool Model::accept(const broadcast::Entry& entry) {
  auto& [boot, n] = origins_[entry.forward.origin];
  const bool next = entry.forward.boot == boot ? entry.forward.n == n + 1 : entry.forward.n == 1;
  if (!next) {
    broken("forward-order", fmt::format("entry {} is forward {} of server {}, whose last was {}{}",
                                        entry.zxid.value, entry.forward.n, entry.forward.origin.value, n,
                                        entry.forward.boot == boot ? "" : " of another start"));
  }
  boot = entry.forward.boot;
  n = entry.forward.n;
  return true;
}

const Model::Applied& Model::apply(const Record& record) {
  const broadcast::Entry& entry = record.entry;
  Applied applied;
  applied.record = &record;
  const tree::Stamp stamp{entry.zxid, entry.time_ms, entry.semantics};
  std::optional<tree::Command> command;
  if (entry.kind == broadcast::EntryKind::command) {
    applied.accepted = accept(entry);
    if (auto decoded = tree::decode_command(entry.payload.view())) command = std::move(decoded.value());
    applied.outcome = tree_.apply(stamp, entry.payload.view());
  } else {
    tree_.skip(stamp);
  }
  applied.digest = tree_.digest();
  if (command) {
    applied.token = token_of(command->operation);
    applied.expiry = std::holds_alternative<tree::ExpireSession>(command->operation);
    note_write(applied, command->session);
    check_command(applied, *command);
  }
  note_marks(applied, command);
  loop_.note("committed", {entry.zxid.value, entry.epoch.value, static_cast<std::int64_t>(applied.digest)});
  note_changes(applied, command);
  applied_.push_back(std::move(applied));
  return applied_.back();
}

void Model::check_command(const Applied& applied, const tree::Command& command) {
  const tree::Outcome& outcome = applied.outcome;
  const Zxid zxid = applied.record->entry.zxid;
  session_table_.on_command(command, outcome, zxid);
  if (outcome.session) session_table_.check_count(tree_.sessions().size(), zxid);
  if (outcome.zxid != zxid) return;  // told again
  if (znodes_.on_created(command.operation, outcome.reply.body, tree_) > 0)
    loop_.mark("sequential name given");
}

void Model::note_marks(const Applied& applied, const std::optional<tree::Command>& command) {
  const tree::Outcome& outcome = applied.outcome;
  if (outcome.fate == tree::Fate::moved) loop_.mark("write of a moved session without effect");
  if (outcome.fate == tree::Fate::dead) loop_.mark("write of a closed session without effect");
  if (applied.expiry)
    loop_.mark(!outcome.session          ? Mark("expiry that came too late")
               : outcome.changes.empty() ? Mark("expired, without ephemerals")
                                         : Mark("expired, and its ephemerals went"));
  if (const auto* multi = std::get_if<wire::MultiReply>(&outcome.reply.body);
      multi != nullptr && !multi->results.empty() && multi->results.front().type == wire::OpCode::error)
    loop_.mark("multi that failed as a whole");
  if (command && outcome.fate == tree::Fate::answered && outcome.zxid != applied.record->entry.zxid)
    loop_.mark("outcome told again");
}

void Model::note_write(const Applied& applied, SessionId session) {
  if (applied.token.empty() || applied.outcome.fate != tree::Fate::answered) return;
  const Zxid zxid = applied.record->entry.zxid;
  if (applied.outcome.zxid != zxid) return;  // a remembered outcome, told again
  if (applied.outcome.reply.error == ErrorCode::data_inconsistency)
    return;  // too old to be remembered, refused
  const auto place = writes_.find(applied.token);
  if (place == writes_.end())
    broken("exactly-once", fmt::format("nobody sent the write {} of entry {}", applied.token, zxid.value));
  if (++place->second.effects > 1)
    broken("exactly-once",
           fmt::format("the write {} takes effect again in entry {}", applied.token, zxid.value));
  std::uint64_t& last = last_order_[session];
  if (place->second.order <= last) {
    broken("session-order", fmt::format("the write {} of entry {} comes after a later one of its session",
                                        applied.token, zxid.value));
  }
  last = place->second.order;
}

void Model::note_changes(const Applied& applied, const std::optional<tree::Command>& command) {
  const Zxid zxid = applied.record->entry.zxid;
  std::set<std::string> touched;
  for (const tree::Change& change : applied.outcome.changes) {
    changes_[change.path].push_back({zxid, change.kind});
    touched.insert(change.path);
    if (change.path != "/") touched.insert(std::string(parent_of(change.path)));
  }
  if (command) {
    if (const auto* multi = std::get_if<wire::MultiRequest>(&command->operation)) {
      for (const wire::MultiOp& op : multi->ops) add_paths(op, touched);
    } else {
      add_paths(command->operation, touched);
    }
  }
  for (const std::string& path : touched) note_node(path, applied.record->entry);
  znodes_.check_counts(tree_);
  check_ephemerals(applied, touched);
}

void Model::note_node(const std::string& path, const broadcast::Entry& entry) {
  static const Version nothing;
  Version version;
  version.zxid = entry.zxid;
  version.node = tree_.data(path);
  std::vector<Version>& versions = versions_[path];
  if (!version.node && versions.empty()) return;
  const std::vector<std::string> children = version.node ? tree_.children(path) : std::vector<std::string>();
  version.children = version.node ? hash_of(children) : 0;
  znodes_.on_node(path, versions.empty() ? nothing : versions.back(), version, entry.zxid, entry.time_ms,
                  children.size());
  versions.push_back(std::move(version));
}

void Model::check_ephemerals(const Applied& applied, const std::set<std::string>& touched) {
  for (const std::string& path : touched) {
    const std::optional<Stat> stat = tree_.stat(path);
    if (!stat || stat->ephemeral_owner == SessionId{}) continue;
    if (!tree_.session(stat->ephemeral_owner))
      broken("ephemerals", fmt::format("{} outlives its session", path));
    ephemerals_[stat->ephemeral_owner].insert(path);
  }
  const auto& event = applied.outcome.session;
  if (!event || event->kind != tree::SessionEvent::Kind::closed) return;
  for (const std::string& path : ephemerals_[event->session]) {
    const std::optional<Stat> stat = tree_.stat(path);
    if (stat && stat->ephemeral_owner == event->session)
      broken("ephemerals", fmt::format("{} is left of a closed session", path));
  }
  ephemerals_.erase(event->session);
}

void Model::compare_digest(int server, const tree::Tree& tree) const {
  if (tree.applied() == Zxid{}) return;
  if (at(tree.applied()).digest != tree.digest()) {
    broken("digest", fmt::format("server {} at zxid {} has digest {:x}, the history gives {:x}", server + 1,
                                 tree.applied().value, tree.digest(), at(tree.applied()).digest));
  }
}

const Model::Version* Model::version(const std::string& path, Zxid zxid) const {
  const auto place = versions_.find(path);
  if (place == versions_.end()) return nullptr;
  const auto after = std::upper_bound(place->second.begin(), place->second.end(), zxid,
                                      [](Zxid z, const Version& version) { return z < version.zxid; });
  return after == place->second.begin() ? nullptr : &*(after - 1);
}

std::optional<Model::PathChange> Model::change(const std::string& path, Zxid after, Zxid up_to,
                                               unsigned kinds) const {
  const auto place = changes_.find(path);
  if (place == changes_.end()) return std::nullopt;
  auto at = std::upper_bound(place->second.begin(), place->second.end(), after,
                             [](Zxid z, const PathChange& change) { return z < change.zxid; });
  for (; at != place->second.end() && at->zxid <= up_to; ++at) {
    if ((kinds >> static_cast<unsigned>(at->kind) & 1U) != 0) return *at;
  }
  return std::nullopt;
}

std::vector<Model::PathChange> Model::changes(const std::string& path, Zxid after, Zxid up_to) const {
  std::vector<PathChange> found;
  const auto place = changes_.find(path);
  if (place == changes_.end()) return found;
  auto at = std::upper_bound(place->second.begin(), place->second.end(), after,
                             [](Zxid z, const PathChange& change) { return z < change.zxid; });
  for (; at != place->second.end() && at->zxid <= up_to; ++at) found.push_back(*at);
  return found;
}

bool Model::changed_at(const std::string& path, Zxid zxid, unsigned kinds) const {
  return change(path, Zxid{zxid.value - 1}, zxid, kinds).has_value();
}

void Model::sent(const std::string& token) { writes_.try_emplace(token, Write{++orders_, 0}); }

int Model::effects(const std::string& token) const {
  const auto place = writes_.find(token);
  return place == writes_.end() ? 0 : place->second.effects;
}

}  // namespace muster::simulation
