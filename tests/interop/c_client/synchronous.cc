// zoo_create, zoo_get, …: the calls that wait.
#include <arpa/inet.h>

#include <array>
#include <set>
#include <vector>

#include "session.h"
#include "verbs.h"

namespace muster::c_client {
namespace {

constexpr int max_data = 64 * 1024;

void create(Arguments& arguments) {  // create PATH DATA [open|creator|read] [e|s|es|c]
  const std::string path = arguments.word(), data = arguments.word(), acl_name = arguments.word();
  const auto acl = acl_named(acl_name.empty() ? "open" : acl_name);
  const auto mode = mode_named(arguments.word());
  if (!acl || !mode) return say("no such ACL or mode");
  std::array<char, 256> created{};
  const int rc = zoo_create(handle(), path.c_str(), data.data(), static_cast<int>(data.size()), &*acl, *mode,
                            created.data(), static_cast<int>(created.size()));
  say(rc == ZOK ? created.data() : error_text(rc));
}

void create2(Arguments& arguments) {  // create2 PATH DATA [e|s|es|c]
  const std::string path = arguments.word(), data = arguments.word();
  const auto mode = mode_named(arguments.word());
  if (!mode) return say("no such mode");
  std::array<char, 256> created{};
  Stat stat{};
  const int rc =
      zoo_create2(handle(), path.c_str(), data.data(), static_cast<int>(data.size()), &ZOO_OPEN_ACL_UNSAFE,
                  *mode, created.data(), static_cast<int>(created.size()), &stat);
  say(rc == ZOK ? created.data() + (": " + stat_text(stat)) : error_text(rc));
}

void get(Arguments& arguments) {  // get PATH [watch]
  const std::string path = arguments.word();
  const watcher_fn watcher = arguments.has("watch") ? on_event : nullptr;
  std::vector<char> data(max_data);
  int length = max_data;
  Stat stat{};
  const int rc = zoo_wget(handle(), path.c_str(), watcher, nullptr, data.data(), &length, &stat);
  if (rc != ZOK) return say(error_text(rc));
  say((length < 0 ? "null" : std::string(data.data(), static_cast<std::size_t>(length))) + ": " +
      stat_text(stat));
}

void exists(Arguments& arguments) {  // exists PATH [watch]
  const std::string path = arguments.word();
  const watcher_fn watcher = arguments.has("watch") ? on_event : nullptr;
  Stat stat{};
  const int rc = zoo_wexists(handle(), path.c_str(), watcher, nullptr, &stat);
  say(rc == ZOK ? stat_text(stat) : error_text(rc));
}

void list(Arguments& arguments) {  // ls PATH [watch]
  const std::string path = arguments.word();
  const watcher_fn watcher = arguments.has("watch") ? on_event : nullptr;
  String_vector names{};
  Stat stat{};
  const int rc = zoo_wget_children2(handle(), path.c_str(), watcher, nullptr, &names, &stat);
  if (rc != ZOK) return say(error_text(rc));
  const std::set<std::string> sorted(names.data, names.data + names.count);  // servers list them in any order
  std::string line;
  for (const std::string& name : sorted) line += (line.empty() ? "" : " ") + name;
  say("[" + line + "]: " + stat_text(stat));
  deallocate_String_vector(&names);
}

void set(Arguments& arguments) {  // set PATH DATA [VERSION]
  const std::string path = arguments.word(), data = arguments.word();
  Stat stat{};
  const int rc = zoo_set2(handle(), path.c_str(), data.data(), static_cast<int>(data.size()),
                          arguments.number(-1), &stat);
  say(rc == ZOK ? stat_text(stat) : error_text(rc));
}

void remove(Arguments& arguments) {  // delete PATH [VERSION]
  const std::string path = arguments.word();
  say(error_text(zoo_delete(handle(), path.c_str(), arguments.number(-1))));
}

void auth(Arguments& arguments) {  // auth USER:PASSWORD
  const std::string who = arguments.word();
  zoo_add_auth(
      handle(), "digest", who.data(), static_cast<int>(who.size()),
      [](int rc, const void*) { say("auth " + error_text(rc)); }, nullptr);
}

void getacl(Arguments& arguments) {  // getacl PATH
  ACL_vector acl{};
  Stat stat{};
  const int rc = zoo_get_acl(handle(), arguments.word().c_str(), &acl, &stat);
  if (rc != ZOK) return say(error_text(rc));
  for (int i = 0; i < acl.count; ++i)
    say(std::string(acl.data[i].id.scheme) + ":" + acl.data[i].id.id + " " +
        std::to_string(acl.data[i].perms));
  say(stat_text(stat));
  deallocate_ACL_vector(&acl);
}

void setacl(Arguments& arguments) {  // setacl PATH open|creator|read [VERSION]
  const std::string path = arguments.word();
  const auto acl = acl_named(arguments.word());
  if (!acl) return say("no such ACL");
  say(error_text(zoo_set_acl(handle(), path.c_str(), arguments.number(-1), &*acl)));
}

void unwatch(Arguments& arguments) {  // unwatch PATH: any watch of "get", "exists" or "ls" on it
  const int rc = zoo_remove_watches(handle(), arguments.word().c_str(), ZWATCHTYPE_ANY, on_event, nullptr, 0);
  say(error_text(rc));
}

void multi(
    Arguments&
        arguments) {  // multi OPERATION ; OPERATION …, each as the verb of that name; also: check PATH VERSION
  struct Operation {
    std::string path, data;
    Stat stat{};
    std::array<char, 256> created{};
  };
  std::deque<Operation> operations;  // stay where they are: the library keeps pointers
  std::vector<zoo_op_t> ops;
  do {
    const std::string verb = arguments.word();
    Operation& operation = operations.emplace_back();
    operation.path = arguments.word();
    zoo_op_t& op = ops.emplace_back();
    if (verb == "create" || verb == "set") operation.data = arguments.word();
    const auto length = static_cast<int>(operation.data.size());
    if (verb == "create")
      zoo_create_op_init(&op, operation.path.c_str(), operation.data.data(), length, &ZOO_OPEN_ACL_UNSAFE,
                         ZOO_PERSISTENT, operation.created.data(),
                         static_cast<int>(operation.created.size()));
    if (verb == "set")
      zoo_set_op_init(&op, operation.path.c_str(), operation.data.data(), length, arguments.number(-1),
                      &operation.stat);
    if (verb == "delete") zoo_delete_op_init(&op, operation.path.c_str(), arguments.number(-1));
    if (verb == "check") zoo_check_op_init(&op, operation.path.c_str(), arguments.number(-1));
  } while (arguments.has(";"));
  std::vector<zoo_op_result_t> results(ops.size());
  const int rc = zoo_multi(handle(), static_cast<int>(ops.size()), ops.data(), results.data());
  say("multi " + error_text(rc));
  for (std::size_t i = 0; i < results.size(); ++i) {
    std::string line = "  " + error_text(results[i].err);
    if (results[i].err == ZOK && operations[i].created[0])
      line += std::string(" ") + operations[i].created.data();
    if (results[i].err == ZOK && operations[i].stat.czxid) line += " " + stat_text(operations[i].stat);
    say(line);
  }
}

void server(Arguments&) {  // server: the address at the other end of the connection
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (!zookeeper_get_connected_host(handle(), reinterpret_cast<sockaddr*>(&address), &length))
    return say("none");
  say("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
}

void session(Arguments&) {  // session: whether it is the one that this verb saw the last time
  static int64_t last = 0;
  const int64_t now = zoo_client_id(handle())->client_id;
  say(now == last ? "the same session" : "a new session");
  last = now;
}

}  // namespace

Verbs synchronous_verbs() {
  return {{"create", create},   {"create2", create2}, {"get", get},       {"exists", exists},
          {"ls", list},         {"set", set},         {"delete", remove}, {"auth", auth},
          {"getacl", getacl},   {"setacl", setacl},   {"multi", multi},   {"server", server},
          {"session", session}, {"unwatch", unwatch}};
}

}  // namespace muster::c_client
