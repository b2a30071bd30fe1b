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

std::string sentence(const Failure& failure, const std::string& path, bool creating) {
  switch (failure.code) {
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
      return failure.message + "; write it as /name/of/node";
    default:
      return failure.message + "; the server's log may say why";
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
void create_parents(Client& client, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    const auto created = client.create(parent, "");
    if (!created && created.error().code != ErrorCode::node_exists) {
      throw Complaint(sentence(created.error(), parent, true));
    }
  }
}

enum class Order { parents_first, children_first };

// Calls visit with every node from `path` down. A node that goes away meanwhile is left out, except `path`
// itself.
void walk(Client& client, const std::string& path, Order order,
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
    if (!children && children.error().code == ErrorCode::no_node && step.path != path) continue;
    const std::vector<std::string> names = must(std::move(children), step.path).names;
    if (order == Order::parents_first) visit(step.path);
    if (order == Order::children_first) steps.push_back({step.path, true});
    for (auto name = names.rbegin(); name != names.rend(); ++name)
      steps.push_back({child_of(step.path, *name), false});
  }
}

// The last event was `expired`, or `closed` because we wanted it.
void complain_if_lost(const Event& last) {
  if (last.type == EventType::expired) {
    throw Complaint(
        "no server was reachable for too long, the session and its ephemeral nodes have ended; see 'muster "
        "status'");
  }
}

bool is_last(const Event& event) {
  return event.type == EventType::expired || event.type == EventType::closed;
}

}  // namespace

std::unique_ptr<Client> open(const std::string& servers) {
  ClientOptions options;
  options.servers = servers;
  options.connect_timeout = std::chrono::seconds(5);
  auto client = Client::open(options);
  if (client) return std::move(*client);
  if (client.error().code == ErrorCode::bad_arguments) throw Complaint(client.error().message);
  throw Complaint(
      fmt::format("no server at {} gave a session; see 'muster status', or name others with -s", servers));
}

void create(Client& client, const Create& what) {
  if (what.parents) create_parents(client, what.path);
  const CreateMode mode = what.ephemeral
                              ? (what.sequential ? CreateMode::ephemeral_sequential : CreateMode::ephemeral)
                              : (what.sequential ? CreateMode::sequential : CreateMode::persistent);
  print(must(client.create(what.path, what.data, mode), what.path, true));
  std::fflush(stdout);
}

void hold(Client& client) {
  Event event = client.next_event();
  while (!is_last(event)) event = client.next_event();
  complain_if_lost(event);
}

void get(Client& client, const Get& what) {
  const Node node = must(client.get(what.path), what.path);
  std::fwrite(node.data.data(), 1, node.data.size(), stdout);
  // The data and nothing else for programs; a line for people.
  if (what.stat || isatty(STDOUT_FILENO) == 1) print("");
  if (what.stat) print_stat(node.stat);
}

void set(Client& client, const Set& what) {
  (void)must(client.set(what.path, what.data, what.version), what.path);
}

void list(Client& client, const List& what) {
  if (what.recursive) return walk(client, what.path, Order::parents_first, print);
  for (const std::string& name : must(client.children(what.path), what.path).names) print(name);
}

void stat(Client& client, const std::string& path) {
  const auto found = must(client.exists(path), path);
  if (!found) throw Complaint(sentence({ErrorCode::no_node, ""}, path, false));
  print_stat(*found);
}

void remove(Client& client, const Delete& what) {
  if (what.path == "/") throw Complaint("the root can't be deleted; name a node below it");
  if (!what.recursive) return must(client.remove(what.path, what.version), what.path);
  walk(client, what.path, Order::children_first, [&](const std::string& path) {
    const bool top = path == what.path;
    const auto removed = client.remove(path, top ? what.version : any_version);
    const bool gone_already = !top && !removed && removed.error().code == ErrorCode::no_node;
    if (!removed && !gone_already) throw Complaint(sentence(removed.error(), path, false));
  });
}

void watch(Client& client, const WatchFor& what) {
  must(client.watch(what.path, what.recursive ? WatchMode::recursive : WatchMode::persistent), what.path);
  bool was_connected = false;  // the first event says so, of the connection that set the watch
  for (;;) {
    const Event event = client.next_event();
    if (is_last(event)) return complain_if_lost(event);
    const bool first = event.type == EventType::connected && !std::exchange(was_connected, true);
    if (first) continue;
    print(std::string(describe(event.type)) + (event.path.empty() ? "" : " " + event.path));
    std::fflush(stdout);
  }
}

}  // namespace muster::shell
