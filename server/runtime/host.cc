#include "server/runtime/host.h"

#include <dirent.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "server/runtime/listener.h"
#include "server/storage/disk_usage.h"

namespace muster::runtime {
namespace {

using Environment = std::vector<std::pair<std::string, std::string>>;

void add_user(Environment& environment) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return;
  environment.emplace_back("user.name", entry.pw_name);
  environment.emplace_back("user.home", entry.pw_dir);
}

// Those of ZooKeeper's lines that are not about Java.
Environment environment() {
  Environment environment{{"host.name", config::process_host_name()}};
  utsname system{};
  if (::uname(&system) == 0) {
    environment.emplace_back("os.name", system.sysname);
    environment.emplace_back("os.arch", system.machine);
    environment.emplace_back("os.version", system.release);
  }
  add_user(environment);
  std::array<char, 4096> directory{};
  if (::getcwd(directory.data(), directory.size()) != nullptr)
    environment.emplace_back("user.dir", directory.data());
  return environment;
}

std::int64_t open_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), ::closedir);
  if (!directory) return -1;
  std::int64_t count = -3;  // ".", ".." and the directory itself
  while (::readdir(directory.get()) != nullptr) ++count;
  return count;
}

}  // namespace

node::Facts host_facts(const config::Config& config) {
  node::Facts facts;
  facts.client_port = config.client_address.port;
  facts.listen_backlog = listen_backlog;
  facts.data_dir = config.data_dir;
  facts.environment = environment();
  for (const config::Server& server : config.servers) {
    facts.places[server.id] = {server.peer.host, server.peer.port,
                               server.client ? config::to_string(*server.client) : ""};
  }
  return facts;
}

node::Measured measure_host(const std::string& data_dir) {
  node::Measured measured;
  measured.disk_bytes = storage::bytes_of_files(data_dir);
  measured.open_files = open_files();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    measured.max_open_files = static_cast<std::int64_t>(limit.rlim_cur);
  return measured;
}

}  // namespace muster::runtime
