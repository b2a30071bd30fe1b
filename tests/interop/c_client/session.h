// What the verbs of c_client share: the handle, and how results are written.
#pragma once

#include <zookeeper/zookeeper.h>

#include <optional>
#include <string>

namespace muster::c_client {

// The session of this program. There is one at a time; it is null before "open" and after "close".
zhandle_t* handle();
void open_session(const std::string& hosts, int timeout_ms);
void close_session();

// One line to the driver, at once. From any thread.
void say(const std::string& line);
// "no node": the library's own words for an error.
std::string error_text(int rc);
// What of a stat is the same in every run: "v=1 cv=0 av=0 length=3 children=0 owner=none"; the owner is none, this or other.
std::string stat_text(const Stat& stat);

// A watch, as all verbs set it: says "event changed /path". The library also tells every watch of the session's states; only
// the session's own watcher says them, as "event connected".
void on_event(zhandle_t* zh, int type, int state, const char* path, void* context);

// "open", "creator", "read", as zookeeper.h defines these lists.
std::optional<ACL_vector> acl_named(const std::string& name);
// "e", "s", "es", "c"; "" is persistent.
std::optional<int> mode_named(const std::string& name);

}  // namespace muster::c_client
