// Clients that write down what they ask and what they are told, for check-history (tests/checkers/history.h):
//
//   history-load SERVERS FILE [--connections 12] [--in-flight 4] [--rate 4000] [--session-timeout-ms 4000]
//
// runs until its standard input ends; then it reads every znode that is in use on each server, once all of them answer, and
// prints its figures as JSON. Sessions go on over connections that break, on the next server. Each znode is left for a new one
// after a few hundred operations, so that the search for an order ends.
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include "client/bench/loop.h"
#include "client/bench/servers.h"
#include "common/random.h"
#include "tests/checkers/history.h"

namespace muster::chaos {
namespace {

using bench::Time;
using checkers::Kind;
using checkers::Operation;
using checkers::Outcome;

constexpr std::int64_t znodes_at_once = 8, operations_of_a_znode = 250;
constexpr const char* directory = "/history";

std::string path_of(std::int64_t key) { return fmt::format("{}/{}", directory, key); }

Outcome outcome_of(ErrorCode error) {
  switch (error) {
    case ErrorCode::ok:
      return Outcome::ok;
    case ErrorCode::no_node:
      return Outcome::no_node;
    case ErrorCode::node_exists:
      return Outcome::node_exists;
    case ErrorCode::bad_version:
      return Outcome::bad_version;
    default:
      return Outcome::unknown;
  }
}

wire::Request request_of(const Operation& op) {
  switch (op.kind) {
    case Kind::create: {
      wire::CreateRequest create;
      create.type = wire::OpCode::create2;
      create.path = path_of(op.key);
      create.data = std::to_string(op.value);
      create.acl = open_acl();
      return create;
    }
    case Kind::set:
      return wire::SetDataRequest{path_of(op.key), std::to_string(op.value), op.expected};
    case Kind::remove:
      return wire::DeleteRequest{path_of(op.key), op.expected};
    case Kind::read:
    case Kind::synced_read:
      break;
  }
  return wire::GetDataRequest{path_of(op.key), false};
}

void note_stat(Operation& op, const Stat& stat) {
  op.version = stat.version;
  op.czxid = stat.czxid.value;
  op.mzxid = stat.mzxid.value;
}

// The record of all that was asked.
class Record {
 public:
  explicit Record(const std::string& file) : file_(file) {
    if (!file_) throw std::runtime_error(file + " can't be written");
  }

  [[nodiscard]] std::int64_t number_of(SessionId session) {
    return sessions_.try_emplace(session, static_cast<std::int64_t>(sessions_.size())).first->second;
  }
  void heard(const Operation& op) {
    file_ << checkers::print(op) << "\n";
    ++recorded_;
    if (op.outcome == Outcome::unknown) ++unknown_;
    if (op.outcome == Outcome::ok && op.kind != Kind::remove) versions_[op.key] = op.version;
  }
  // That somebody was told of last.
  [[nodiscard]] std::int32_t version_of(std::int64_t key) const {
    const auto at = versions_.find(key);
    return at == versions_.end() ? -1 : at->second;
  }
  [[nodiscard]] std::string summary() const {
    return fmt::format(R"("operations": {}, "unknown": {}, "sessions": {})", recorded_, unknown_,
                       sessions_.size());
  }

 private:
  std::ofstream file_;
  std::map<SessionId, std::int64_t> sessions_;
  std::map<std::int64_t, std::int32_t> versions_;  // by key
  std::int64_t recorded_ = 0, unknown_ = 0;
};

// Sends operations, and notes what becomes of them.
class Recorder : public bench::Work {
 public:
  explicit Recorder(Record& record) : record_(record) {}

  void answered(bench::Connection& connection, const bench::Answer& answer) override {
    auto& asked = asked_[connection.index()];
    const std::optional<Operation> what = std::move(asked.front());
    asked.pop_front();
    if (!what) {  // a sync, before its read
      if (answer.error != ErrorCode::ok) asked.front()->kind = Kind::read;
      return;
    }
    Operation op = *what;
    op.outcome = outcome_of(answer.error);
    if (op.outcome != Outcome::unknown) {
      op.returned = answer.at / bench::microsecond;
      op.zxid = answer.zxid.value;
    }
    if (op.outcome == Outcome::ok) note_body(op, answer.body);
    record_.heard(op);
  }
  void lost(bench::Connection& connection, Time /*now*/) override {
    for (const auto& op : asked_[connection.index()])
      if (op) record_.heard(*op);
    asked_[connection.index()].clear();
  }

 protected:
  void ask(bench::Loop& loop, bench::Connection& connection, Operation op) {
    op.session = record_.number_of(connection.session());
    op.called = bench::Loop::now() / bench::microsecond;
    auto& asked = asked_[connection.index()];
    if (op.kind == Kind::synced_read) {
      connection.send(wire::SyncRequest{path_of(op.key)}, {});
      asked.emplace_back();
    }
    connection.send(request_of(op), {});
    asked.emplace_back(op);
    loop.touch(connection);
  }
  [[nodiscard]] std::size_t waiting(const bench::Connection& connection) {
    return asked_[connection.index()].size();
  }

  Record& record_;

 private:
  static void note_body(Operation& op, std::string_view bytes) {
    const auto body = wire::decode_reply_body(wire::type_of(request_of(op)), bytes);
    if (!body) throw std::runtime_error("a server's answer can't be read: " + body.error().message);
    if (const auto* data = std::get_if<wire::GetDataReply>(&*body)) {
      op.value = std::stoll(data->data.value_or("0"));
      note_stat(op, data->stat);
    } else if (const auto* created = std::get_if<wire::Create2Reply>(&*body)) {
      note_stat(op, created->stat);
    } else if (const auto* set = std::get_if<wire::StatReply>(&*body)) {
      note_stat(op, set->stat);
    }
  }

  std::map<std::size_t, std::deque<std::optional<Operation>>>
      asked_;  // by connection, in the order sent; nothing: a sync
};

struct Options {
  std::string servers, file;
  std::size_t connections = 12, in_flight = 4;
  std::int64_t rate = 4000;  // operations a second, at most
  std::int32_t session_timeout_ms = 4000;
};

// Operations by chance at a steady rate, until the standard input ends and all that was asked is answered or lost.
class Mix : public Recorder {
 public:
  Mix(Record& record, const Options& options)
      : Recorder(record), options_(options), random_(std::random_device{}()) {
    for (std::int64_t key = 0; key < znodes_at_once; ++key) keys_.push_back({key, 0});
  }

  void start(bench::Loop& loop, Time now) override {
    loop_ = &loop;
    due_ = now;
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

 private:
  struct Znode {
    std::int64_t key;
    std::int64_t operations;
  };

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
    if (++znode.operations > operations_of_a_znode) znode = {next_key_++, 1};
    Operation op;
    op.key = znode.key;
    const auto draw = random_.below(100);
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
  std::int64_t next_key_ = znodes_at_once, values_ = 0;
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

// The directory, on a connection of its own.
class Preparing : public bench::Work {
 public:
  void start(bench::Loop& loop, Time /*now*/) override {
    wire::CreateRequest create;
    create.path = directory;
    create.data = "";
    create.acl = open_acl();
    loop.connections().front().send(create, {});
    loop.touch(loop.connections().front());
  }
  void answered(bench::Connection& /*connection*/, const bench::Answer& answer) override {
    if (answer.error != ErrorCode::ok && answer.error != ErrorCode::node_exists)
      throw std::runtime_error("the directory can't be made: " + std::string(describe(answer.error)));
    done_ = true;
  }
  Time advance(Time now) override { return now + bench::second; }
  [[nodiscard]] bool done() const override { return done_; }

 private:
  bool done_ = false;
};

void run(const Options& options) {
  const auto where = client::parse_connect_string(options.servers);
  if (!where) throw std::runtime_error(where.error().message);
  const auto servers = bench::addresses_of(*where);
  Record record(options.file);

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
  loop.close_all();

  for (const sockaddr_storage& server : servers) {
    bench::Loop one({server}, 1);
    one.open_all();
    Reading reading(record, mix.next_key());
    one.run(reading);
    one.close_all();
  }
  fmt::print("{{{}, \"znodes\": {}}}\n", record.summary(), mix.next_key());
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
