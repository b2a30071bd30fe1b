// Clients that write down what they ask and what they are told, for check-history (tests/checkers/history.h):
//
//   history-load SERVERS FILE [--connections 16] [--in-flight 6] [--rate 4000] [--session-timeout-ms 4000] [--padding BYTES]
//
// runs until its standard input ends; then it looks whether the ephemeral znodes of sessions that live are there, reads every
// znode that is in use on each server, once all of them answer, and prints its figures as JSON. Sessions go on over connections that break, on the next server. Each znode is left for a new one
// after a few hundred operations, so that the search for an order ends.
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "client/bench/loop.h"
#include "client/bench/servers.h"
#include "common/random.h"
#include "tests/chaos/history_recorder.h"

namespace muster::chaos {
namespace {

using bench::Time;
using checkers::Kind;
using checkers::Operation;

constexpr std::int64_t znodes_at_once = 16, operations_of_a_znode = 250, unknown_of_a_znode = 6;
constexpr Time rest = 200 * bench::millisecond;  // from writes, when they are refused
constexpr const char* sessions_directory = "/live";

std::string ephemeral_of(SessionId session) {
  return fmt::format("{}/{}", sessions_directory, session.value);
}

wire::CreateRequest create(std::string path, std::int32_t flags = wire::create_flags::persistent) {
  wire::CreateRequest request;
  request.path = std::move(path);
  request.data = "";
  request.acl = open_acl();
  request.flags = flags;
  return request;
}

// By connection: its session that was told that its ephemeral znode is there.
using Present = std::map<std::size_t, SessionId>;

struct Options {
  std::string servers, file;
  std::size_t connections = 16, in_flight = 6, padding = 0;
  std::int64_t rate = 4000;  // operations a second, at most
  std::int32_t session_timeout_ms = 4000;
};

// Operations by chance at a steady rate, until the standard input ends and all that was asked is answered or lost. Each
// session makes an ephemeral znode first.
class Mix : public Recorder {
 public:
  Mix(Record& record, const Options& options)
      : Recorder(record), options_(options), random_(std::random_device{}()) {
    for (std::int64_t key = 0; key < znodes_at_once; ++key) keys_.push_back({key, 0});
  }

  void start(bench::Loop& loop, Time now) override {
    loop_ = &loop;
    due_ = now;
    for (bench::Connection& connection : loop.connections())
      if (connection.open()) opened(connection, now);
  }
  void opened(bench::Connection& connection, Time /*now*/) override {
    const SessionId session = connection.session();
    if (present_[connection.index()] != session)
      ask_other(*loop_, connection, create(ephemeral_of(session), wire::create_flags::ephemeral));
  }
  Time advance(Time now) override {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (!stopping_ && ::poll(&input, 1, 0) > 0) stopping_ = true;
    if (stopping_) return now + bench::second;
    const Time interval = bench::second / options_.rate;
    for (; due_ <= now; due_ += interval)
      if (!ask_somebody()) due_ = now;
    return due_;
  }
  [[nodiscard]] bool done() const override { return stopping_ && nothing_waits(); }
  [[nodiscard]] std::int64_t next_key() const { return next_key_; }
  [[nodiscard]] const Present& present() const { return present_; }
  [[nodiscard]] std::int64_t ephemerals() const { return ephemerals_; }

 private:
  struct Znode {
    std::int64_t key;
    std::int64_t operations;
  };

  // Of the ephemeral znode; it may be there by an attempt of which nobody was told.
  void other(bench::Connection& connection, ErrorCode error) override {
    if (error != ErrorCode::ok && error != ErrorCode::node_exists) return;
    present_[connection.index()] = connection.session();
    ++ephemerals_;
  }
  bool ask_somebody() {
    auto& all = loop_->connections();
    for (std::size_t tried = 0; tried < all.size(); ++tried) {
      bench::Connection& connection = all[turn_++ % all.size()];
      if (!connection.open() || waiting(connection) >= options_.in_flight) continue;
      ask(*loop_, connection, something());
      return true;
    }
    return false;
  }
  Operation something() {
    Znode& znode = keys_[random_.below(keys_.size())];
    if (++znode.operations > operations_of_a_znode || record_.unknown_of(znode.key) > unknown_of_a_znode)
      znode = {next_key_++, 1};
    Operation op;
    op.key = znode.key;
    const bool writes_rest = bench::Loop::now() < record_.refused_at() + rest;
    const auto draw = writes_rest ? 48 + random_.below(52) : random_.below(100);
    op.kind = draw < 12   ? Kind::create
              : draw < 42 ? Kind::set
              : draw < 48 ? Kind::remove
              : draw < 72 ? Kind::synced_read
                          : Kind::read;
    if (op.kind == Kind::create || op.kind == Kind::set) op.value = ++values_;
    if ((op.kind == Kind::set && random_.chance(1, 2)) || (op.kind == Kind::remove && random_.chance(1, 2)))
      op.expected = record_.version_of(op.key);
    return op;
  }
  [[nodiscard]] bool nothing_waits() const {
    const auto& all = loop_->connections();
    return std::all_of(all.begin(), all.end(),
                       [](const bench::Connection& one) { return one.in_flight().empty(); });
  }

  const Options& options_;
  Random random_;
  bench::Loop* loop_ = nullptr;
  Time due_ = 0;
  bool stopping_ = false;
  std::size_t turn_ = 0;
  std::vector<Znode> keys_;
  std::int64_t next_key_ = znodes_at_once, values_ = 0, ephemerals_ = 0;
  Present present_;
};

// As long as a session lives, its ephemeral znode is there. Throws if it is not.
class Presence : public Recorder {
 public:
  Presence(Record& record, Present present) : Recorder(record), present_(std::move(present)) {}

  void start(bench::Loop& loop, Time /*now*/) override { loop_ = &loop; }
  void lost(bench::Connection& connection, Time now) override {
    Recorder::lost(connection, now);
    asked_.erase(connection.index());
  }
  Time advance(Time now) override {
    for (bench::Connection& connection : loop_->connections()) {
      const auto told = present_.find(connection.index());
      if (!connection.open() || told == present_.end()) continue;
      if (told->second != connection.session()) {
        present_.erase(told);  // it has another one by now
      } else if (asked_.insert(connection.index()).second) {
        ask_other(*loop_, connection, wire::GetDataRequest{ephemeral_of(connection.session()), false});
      }
    }
    return now + bench::second;
  }
  [[nodiscard]] bool done() const override { return present_.empty(); }

 private:
  void other(bench::Connection& connection, ErrorCode error) override {
    if (error == ErrorCode::no_node)
      throw std::runtime_error(
          fmt::format("{} is gone, and its session lives", ephemeral_of(connection.session())));
    if (error == ErrorCode::ok) present_.erase(connection.index());
    asked_.erase(connection.index());
  }

  Present present_;  // still to be seen
  std::set<std::size_t> asked_;
  bench::Loop* loop_ = nullptr;
};

// Reads all znodes on one server, after a sync.
class Reading : public Recorder {
 public:
  Reading(Record& record, std::int64_t keys) : Recorder(record), keys_(keys) {}

  void start(bench::Loop& loop, Time /*now*/) override { loop_ = &loop; }
  void lost(bench::Connection& connection, Time now) override {
    Recorder::lost(connection, now);
    next_ = 0;
  }
  Time advance(Time now) override {
    bench::Connection& connection = loop_->connections().front();
    while (connection.open() && next_ < keys_ && waiting(connection) < 100) {
      Operation op;
      op.key = next_++;
      op.kind = op.key == 0 ? Kind::synced_read : Kind::read;
      ask(*loop_, connection, op);
    }
    return now + bench::second;
  }
  [[nodiscard]] bool done() const override {
    return next_ == keys_ && loop_->connections().front().in_flight().empty();
  }

 private:
  std::int64_t keys_;
  std::int64_t next_ = 0;
  bench::Loop* loop_ = nullptr;
};

// The directories, on a connection of its own.
class Preparing : public bench::Work {
 public:
  void start(bench::Loop& loop, Time /*now*/) override {
    for (const char* path : {directory, sessions_directory})
      loop.connections().front().send(create(path), {});
    loop.touch(loop.connections().front());
  }
  void answered(bench::Connection& /*connection*/, const bench::Answer& answer) override {
    if (answer.error != ErrorCode::ok && answer.error != ErrorCode::node_exists)
      throw std::runtime_error("the directories can't be made: " + std::string(describe(answer.error)));
    ++made_;
  }
  Time advance(Time now) override { return now + bench::second; }
  [[nodiscard]] bool done() const override { return made_ == 2; }

 private:
  int made_ = 0;
};

void run(const Options& options) {
  const auto where = client::parse_connect_string(options.servers);
  if (!where) throw std::runtime_error(where.error().message);
  const auto servers = bench::addresses_of(*where);
  Record record(options.file, options.padding);

  bench::Loop loop(servers, options.connections);
  for (bench::Connection& connection : loop.connections())
    connection.keep_session(options.session_timeout_ms);
  loop.open_all();
  Preparing preparing;
  loop.run(preparing);
  fmt::print("recording\n");
  std::fflush(stdout);
  Mix mix(record, options);
  loop.run(mix);
  Presence presence(record, mix.present());
  loop.run(presence);
  loop.close_all();

  for (const sockaddr_storage& server : servers) {
    bench::Loop one({server}, 1);
    one.open_all();
    Reading reading(record, mix.next_key());
    one.run(reading);
    one.close_all();
  }
  fmt::print("{{{}, \"znodes\": {}, \"ephemerals\": {}}}\n", record.summary(), mix.next_key(),
             mix.ephemerals());
}

}  // namespace
}  // namespace muster::chaos

int main(int argc, char** argv) {
  muster::chaos::Options options;
  CLI::App app("Records what clients ask and are told, for check-history");
  app.add_option("servers", options.servers)->required();
  app.add_option("file", options.file)->required();
  app.add_option("--connections", options.connections);
  app.add_option("--in-flight", options.in_flight);
  app.add_option("--padding", options.padding);
  app.add_option("--rate", options.rate);
  app.add_option("--session-timeout-ms", options.session_timeout_ms);
  CLI11_PARSE(app, argc, argv);
  try {
    muster::chaos::run(options);
  } catch (const std::exception& failed) {
    fmt::print(stderr, "history-load: {}\n", failed.what());
    return 1;
  }
  return 0;
}
