// A program written for ZooKeeper's C library (Debian's libzookeeper_mt): reads verbs, one in a line, and says what came of
// each. `c_client HOSTS`. tests/interop/transcripts/c_client.txt shows every verb at work.
#include <cstdio>
#include <iostream>

#include "session.h"
#include "verbs.h"

namespace muster::c_client {

Arguments::Arguments(const std::string& line) {
  std::size_t at = 0;
  while ((at = line.find_first_not_of(' ', at)) != std::string::npos) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words_.push_back(line.substr(at, end - at));
    at = end;
  }
}

std::string Arguments::word() {
  if (words_.empty()) return {};
  std::string next = words_.front();
  words_.pop_front();
  return next;
}

int Arguments::number(int otherwise) {
  if (words_.empty() || words_.front() == ";") return otherwise;
  return std::atoi(word().c_str());
}

bool Arguments::has(const char* word) {
  if (words_.empty() || words_.front() != word) return false;
  words_.pop_front();
  return true;
}

namespace {

int run(const std::string& hosts) {
  zoo_deterministic_conn_order(1);  // the first server first: the driver wants to know which one to kill
  zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
  zoo_set_log_stream(stderr);
  Verbs verbs = synchronous_verbs();
  verbs.merge(asynchronous_verbs());
  for (std::string line; std::getline(std::cin, line);) {
    Arguments arguments(line);
    const std::string verb = arguments.word();
    if (verb == "open") {  // open TIMEOUT_MS: closes what was open; "event connected" follows
      open_session(hosts, arguments.number(10'000));
    } else if (const auto found = verbs.find(verb); found == verbs.end()) {
      say("no such verb: " + verb);
    } else if (handle()) {
      found->second(arguments);
    } else {
      say("no session: open one");
    }
  }
  close_session();
  return 0;
}

}  // namespace
}  // namespace muster::c_client

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: c_client HOST:PORT,…\n", stderr);
    return 2;
  }
  return muster::c_client::run(argv[1]);
}
