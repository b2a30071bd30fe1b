#include "client/shell/commands.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <muster/path.h>
#include <unistd.h>

#include <cstdio>
#include <utility>
#include <vector>

namespace muster::shell {
namespace {

std::string sentence(const error_code& error, const std::string& path, bool creating) {
  switch (static_cast<ErrorCode>(error.value())) {
    case ErrorCode::no_node:
      if (creating)
        return fmt::format("the parent of {} does not exist; add --parents to create it too", path);
      return fmt::format("{} does not exist; 'muster ls -R /' shows what does", path);
    case ErrorCode::node_exists:
      return fmt::format("{} exists already; change its data with 'muster set {} DATA'", path, path);
    case ErrorCode::not_empty:
      return fmt::format("{} has children; add -r to delete them too", path);
    case ErrorCode::bad_version:
      return fmt::format("{} has another version by now; look at it with 'muster stat {}' and try again",
                         path, path);
    case ErrorCode::no_auth:
      return fmt::format("{}: permission denied; ask whoever may change its access control list", path);
    case ErrorCode::no_children_for_ephemerals:
      return fmt::format("the parent of {} is ephemeral and can't have children; choose another parent",
                         path);
    case ErrorCode::connection_loss:
      return fmt::format(
          "{}: the connection broke, the change may or may not have been made; look before you try again",
          path);
    case ErrorCode::session_expired:
      return fmt::format(
          "{}: no server was reachable for too long, the session has ended; see 'muster status' and try "
          "again",
          path);
    case ErrorCode::bad_arguments:
      return fmt::format("'{}' is not the name of a node: it {}; write it as /name/of/node", path,
                         why_invalid(path));
    default:
      return fmt::format("{}: {}; the server's log may say why", path, error.message());
  }
}

// The value, or the complaint.
template <class T>
T must(Answer<T> answer, const std::string& path, bool creating = false) {
  if (!answer) throw Complaint(sentence(answer.error(), path, creating));
  if constexpr (!std::is_void_v<T>) return std::move(*answer);
}

void print(const std::string& line) { fmt::print("{}\n", line); }

std::string time_text(std::int64_t ms) {
  const auto second = static_cast<std::time_t>(ms / 1000);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(second), ms % 1000);
}

void print_stat(const Stat& stat) {
  fmt::print("czxid {:#x}\nmzxid {:#x}\npzxid {:#x}\n", stat.czxid.value, stat.mzxid.value, stat.pzxid.value);
  fmt::print("ctime {}\nmtime {}\n", time_text(stat.ctime), time_text(stat.mtime));
  fmt::print("version {}\ncversion {}\naversion {}\n", stat.version, stat.cversion, stat.aversion);
  fmt::print("ephemeral_owner {:#x}\n", static_cast<std::uint64_t>(stat.ephemeral_owner.value));
  fmt::print("data_length {}\nnum_children {}\n", stat.data_length, stat.num_children);
}

std::string child_of(const std::string& path, const std::string& name) {
  return path == "/" ? path + name : path + "/" + name;
}

// Above `path`, the root excluded, from the top.
void create_parents(const BlockingClient& client, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    const auto created = client.create(parent, "");
    if (!created && created.error() != ErrorCode::node_exists) {
      throw Complaint(sentence(created.error(), parent, true));
    }
  }
}

enum class Order { parents_first, children_first };

// Calls visit with every node from `path` down. A node that goes away meanwhile is left out, except `path`
// itself.
void walk(const BlockingClient& client, const std::string& path, Order order,
          const std::function<void(const std::string&)>& visit) {
  struct Step {
    std::string path;
    bool children_done;
  };
  std::vector<Step> steps{{path, false}};
  while (!steps.empty()) {
    const Step step = std::move(steps.back());
    steps.pop_back();
    if (step.children_done) {
      visit(step.path);
      continue;
    }
    auto children = client.children(step.path);
    if (!children && children.error() == ErrorCode::no_node && step.path != path) continue;
    const std::vector<std::string> names = must(std::move(children), step.path).names;
    if (order == Order::parents_first) visit(step.path);
    if (order == Order::children_first) steps.push_back({step.path, true});
    for (auto name = names.rbegin(); name != names.rend(); ++name)
      steps.push_back({child_of(step.path, *name), false});
  }
}

// The session is over, and not because we wanted it.
void complain_if_lost(const error_code& end) {
  if (end == ErrorCode::session_expired) {
    throw Complaint(
        "no server was reachable for too long, the session and its ephemeral nodes have ended; see 'muster "
        "status'");
  }
}

}  // namespace

BlockingClient open(const std::string& servers) {
  ClientConfig config;
  config.servers = servers;
  config.connect_timeout = std::chrono::seconds(5);
  if (const std::string why = why_invalid(config); !why.empty()) throw Complaint(why);
  BlockingClient client(config);
  if (client.connected()) return client;
  throw Complaint(
      fmt::format("no server at {} gave a session; see 'muster status', or name others with -s", servers));
}

void create(const BlockingClient& client, const Create& what) {
  if (what.parents) create_parents(client, what.path);
  const CreateMode mode = what.ephemeral
                              ? (what.sequential ? CreateMode::ephemeral_sequential : CreateMode::ephemeral)
                              : (what.sequential ? CreateMode::sequential : CreateMode::persistent);
  print(must(client.create(what.path, what.data, mode), what.path, true).path);
  std::fflush(stdout);
}

void hold(const BlockingClient& client) {
  const BlockingSessionEvents events = client.session_events();
  Answer<SessionState> state = events.next();
  while (state) state = events.next();
  complain_if_lost(state.error());
}

void get(const BlockingClient& client, const Get& what) {
  const Value node = must(client.get(what.path), what.path);
  std::fwrite(node.data.data(), 1, node.data.size(), stdout);
  // The data and nothing else for programs; a line for people.
  if (what.stat || isatty(STDOUT_FILENO) == 1) print("");
  if (what.stat) print_stat(node.stat);
}

void set(const BlockingClient& client, const Set& what) {
  (void)must(client.set(what.path, what.data, what.version), what.path);
}

void list(const BlockingClient& client, const List& what) {
  if (what.recursive) return walk(client, what.path, Order::parents_first, print);
  for (const std::string& name : must(client.children(what.path), what.path).names) print(name);
}

void stat(const BlockingClient& client, const std::string& path) {
  const auto found = must(client.exists(path), path);
  if (!found) throw Complaint(sentence(ErrorCode::no_node, path, false));
  print_stat(*found);
}

void remove(const BlockingClient& client, const Delete& what) {
  if (what.path == "/") throw Complaint("the root can't be deleted; name a node below it");
  if (!what.recursive) return must(client.remove(what.path, what.version), what.path);
  walk(client, what.path, Order::children_first, [&](const std::string& path) {
    const bool top = path == what.path;
    const auto removed = client.remove(path, top ? what.version : any_version);
    const bool gone_already = !top && !removed && removed.error() == ErrorCode::no_node;
    if (!removed && !gone_already) throw Complaint(sentence(removed.error(), path, false));
  });
}

void watch(const BlockingClient& client, const WatchFor& what) {
  const BlockingWatchStream changes =
      must(client.watch(what.path, what.recursive ? WatchMode::recursive : WatchMode::persistent), what.path);
  for (;;) {
    const Answer<WatchedEvent> event = changes.next();
    if (!event) return complain_if_lost(event.error());
    const bool gap = event->type == EventType::gap;
    print(gap ? fmt::format("reconnected; changes of {} may have been missed", event->path)
              : fmt::format("{} {}", describe(event->type), event->path));
    std::fflush(stdout);
  }
}

}  // namespace muster::shell
