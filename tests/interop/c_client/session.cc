#include "session.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

namespace muster::c_client {
namespace {

zhandle_t* the_handle = nullptr;

const char* type_name(int type) {
  if (type == ZOO_CREATED_EVENT) return "created";
  if (type == ZOO_DELETED_EVENT) return "deleted";
  if (type == ZOO_CHANGED_EVENT) return "changed";
  if (type == ZOO_CHILD_EVENT) return "child";
  return "other";
}

std::string state_name(int state) {
  if (state == ZOO_CONNECTED_STATE) return "connected";
  if (state == ZOO_CONNECTING_STATE || state == ZOO_ASSOCIATING_STATE) return "connecting";
  if (state == ZOO_EXPIRED_SESSION_STATE) return "expired";
  if (state == ZOO_AUTH_FAILED_STATE) return "auth-failed";
  return "state " + std::to_string(state);
}

void on_session_event(zhandle_t*, int type, int state, const char*, void*) {
  if (type == ZOO_SESSION_EVENT) say("event " + state_name(state));
}

}  // namespace

zhandle_t* handle() { return the_handle; }

void open_session(const std::string& hosts, int timeout_ms) {
  close_session();
  the_handle = zookeeper_init(hosts.c_str(), on_session_event, timeout_ms, nullptr, nullptr, 0);
  if (!the_handle) say(std::string("zookeeper_init: ") + std::strerror(errno));
}

void close_session() {
  if (the_handle) zookeeper_close(the_handle);
  the_handle = nullptr;
}

void say(const std::string& line) {
  std::puts(line.c_str());  // one call: lines of two threads do not mix
  std::fflush(stdout);
}

std::string error_text(int rc) { return zerror(rc); }

std::string stat_text(const Stat& stat) {
  const auto number = [](auto value) { return std::to_string(value); };
  const bool own = stat.ephemeralOwner == zoo_client_id(handle())->client_id;
  return "v=" + number(stat.version) + " cv=" + number(stat.cversion) + " av=" + number(stat.aversion) +
         " length=" + number(stat.dataLength) + " children=" + number(stat.numChildren) + " owner=" +
         (stat.ephemeralOwner == 0 ? "none"
          : own                    ? "this"
                                   : "other");
}

void on_event(zhandle_t*, int type, int, const char* path, void*) {
  if (type != ZOO_SESSION_EVENT) say(std::string("event ") + type_name(type) + " " + path);
}

std::optional<ACL_vector> acl_named(const std::string& name) {
  if (name == "open") return ZOO_OPEN_ACL_UNSAFE;
  if (name == "creator") return ZOO_CREATOR_ALL_ACL;
  if (name == "read") return ZOO_READ_ACL_UNSAFE;
  return {};
}

std::optional<int> mode_named(const std::string& name) {
  if (name.empty()) return ZOO_PERSISTENT;
  if (name == "e") return ZOO_EPHEMERAL;
  if (name == "s") return ZOO_PERSISTENT_SEQUENTIAL;
  if (name == "es") return ZOO_EPHEMERAL_SEQUENTIAL;
  if (name == "c") return ZOO_CONTAINER;
  return {};
}

}  // namespace muster::c_client
