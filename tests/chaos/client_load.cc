// Many clients that count, while client_chaos.py hurts their servers and connections:
//
//   client-load SERVERS DIRECT_SERVERS CLIENTS SESSION_TIMEOUT_MS       until its standard input ends
//
// Each client adds to a counter that it shares with others (read, then set if unchanged) and makes sequential nodes, which must
// not be done twice. It knows what it was told; when its session is lost it goes on as another life with another session.
// At the end, over connections that nobody cuts, it compares:
//   - a counter holds for each life the number of additions that it was told of, and its version is their sum
//   - each node that a life was told of is there, and no more of them
//   - an addition or node of unknown outcome is there once or not at all; only a lost session may leave one
// Prints the figures as JSON; exit status 1 if anything differs.
#include <muster/blocking_client.h>
#include <muster/client.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <list>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>

namespace muster::chaos {
namespace {

using namespace std::chrono_literals;
using namespace boost::asio::experimental::awaitable_operators;

constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
constexpr int clients_on_a_counter = 10;

// What one session was told.
struct Life {
  std::string name;     // "c17.2": the second life of client 17
  std::string counter;  // path
  std::int64_t additions = 0;
  bool addition_unknown = false;
  std::set<std::string> nodes;  // names below /name
  int nodes_unknown = 0;
  bool lost = false;
};

// The data of a counter: how often each life has added to it.
using Additions = std::map<std::string, std::int64_t>;

Additions parse(const std::string& data) {
  Additions additions;
  std::istringstream lines(data);
  std::string name;
  std::int64_t count = 0;
  while (lines >> name >> count) additions[name] = count;
  return additions;
}

std::string print(const Additions& additions) {
  std::string data;
  for (const auto& [name, count] : additions) data += name + " " + std::to_string(count) + "\n";
  return data;
}

class Load {
 public:
  Load(char** arguments)
      : servers_(arguments[1]),
        direct_servers_(arguments[2]),
        clients_(std::stoi(arguments[3])),
        session_timeout_(std::stoi(arguments[4])) {}

  int run() {
    prepare();
    for (int number = 0; number < clients_; ++number) {
      asio::co_spawn(io_, live(number), [](std::exception_ptr failed) {
        if (failed) std::rethrow_exception(failed);
      });
    }
    input_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code) { stopping_ = true; });
    std::puts("counting");
    std::fflush(stdout);
    io_.run();
    verify();
    report();
    return violations_ == 0 ? 0 : 1;
  }

 private:
  [[nodiscard]] ClientConfig config(const std::string& servers) const {
    ClientConfig config;
    config.servers = servers;
    config.session_timeout = session_timeout_;
    return config;
  }
  [[nodiscard]] std::string counter_of(int number) const {
    return "/counter-" + std::to_string(number / clients_on_a_counter);
  }

  void violation(const std::string& what) {
    if (++violations_ <= 50) std::printf("VIOLATION %s\n", what.c_str());
  }

  void prepare() {
    const BlockingClient client(config(direct_servers_));
    for (int number = 0; number < clients_; number += clients_on_a_counter)
      client.create(counter_of(number), "").value();
  }

  asio::awaitable<void> live(int number) {
    for (int life = 1; !stopping_; ++life) {
      Life& mine = lives_.emplace_back();
      mine.name = "c" + std::to_string(number) + "." + std::to_string(life);
      mine.counter = counter_of(number);
      const Client client(io_.get_executor(), config(servers_));
      const auto [error, made] = co_await client.async_create("/" + mine.name, "", {}, as_tuple);
      if (!told(mine, error, "its directory")) continue;
      co_await (add(client, mine) && make_nodes(client, mine) && make_nodes(client, mine));
      co_await client.async_close(as_tuple);
    }
  }

  // Whether it was done; if not, the life is over.
  bool told(Life& life, error_code error, const std::string& what) {
    if (!error) {
      ++acknowledged_;
      return true;
    }
    life.lost = true;
    if (error != ErrorCode::session_expired) violation(life.name + ": " + what + ": " + error.message());
    return false;
  }

  asio::awaitable<void> pause() {
    asio::steady_timer timer(io_, std::chrono::milliseconds(std::uniform_int_distribution(20, 180)(random_)));
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::awaitable<void> make_nodes(const Client& client, Life& life) {
    while (!stopping_ && !life.lost) {
      const auto [error, made] =
          co_await client.async_create("/" + life.name + "/n-", "", CreateMode::sequential, as_tuple);
      if (!told(life, error, "a node")) {
        ++life.nodes_unknown;
      } else if (!life.nodes.insert(made.path.substr(life.name.size() + 2)).second) {
        violation(made.path + " was given twice");
      }
      co_await pause();
    }
  }

  asio::awaitable<void> add(const Client& client, Life& life) {
    while (!stopping_ && !life.lost) {
      const auto [error, value] = co_await client.async_get(life.counter, as_tuple);
      if (!told(life, error, "reading a counter")) co_return;
      Additions additions = parse(value.data);
      const auto mine = additions.find(life.name);
      const std::int64_t before = mine == additions.end() ? 0 : mine->second;
      if (before != life.additions) {
        violation(life.name + " reads " + std::to_string(before) + " of its " +
                  std::to_string(life.additions) + " additions");
      }
      additions[life.name] = before + 1;
      const auto [refused, stat] =
          co_await client.async_set(life.counter, print(additions), value.stat.version, as_tuple);
      if (refused == ErrorCode::bad_version) continue;  // somebody else was faster
      if (told(life, refused, "adding to a counter")) {
        ++life.additions;
      } else {
        life.addition_unknown = true;
      }
      co_await pause();
    }
  }

  void verify() {
    const BlockingClient client = BlockingClient(config(direct_servers_)).linearizable();
    std::map<std::string, Additions> counters;
    for (int number = 0; number < clients_; number += clients_on_a_counter) {
      const Value value = client.get(counter_of(number)).value();
      std::int64_t sum = 0;
      for (const auto& [name, count] : parse(value.data)) sum += count;
      if (sum != value.stat.version)
        violation(counter_of(number) + " was set " + std::to_string(value.stat.version) +
                  " times and counts " + std::to_string(sum));
      counters[counter_of(number)] = parse(value.data);
    }
    for (const Life& life : lives_) {
      verify_additions(life, counters[life.counter][life.name]);
      verify_nodes(life, client.children("/" + life.name));
    }
  }

  void verify_additions(const Life& life, std::int64_t found) {
    if (found == life.additions || (life.addition_unknown && found == life.additions + 1)) return;
    violation(life.name + " was told of " + std::to_string(life.additions) + " additions, " +
              std::to_string(found) + " are there");
  }

  void verify_nodes(const Life& life, const Answer<Children>& children) {
    if (!children) {
      if (!life.lost || !life.nodes.empty()) violation("/" + life.name + ": " + children.error().message());
      return;
    }
    const std::set<std::string> found(children->names.begin(), children->names.end());
    if (!std::includes(found.begin(), found.end(), life.nodes.begin(), life.nodes.end()))
      violation(life.name + " was told of nodes that are not there");
    if (found.size() > life.nodes.size() + static_cast<std::size_t>(life.nodes_unknown)) {
      violation(life.name + " made " + std::to_string(life.nodes.size()) + " nodes, " +
                std::to_string(found.size()) + " are there");
    }
  }

  void report() const {
    std::int64_t additions = 0, nodes = 0, lost = 0, unknown = 0;
    for (const Life& life : lives_) {
      additions += life.additions;
      nodes += static_cast<std::int64_t>(life.nodes.size());
      lost += life.lost ? 1 : 0;
      unknown += life.nodes_unknown + (life.addition_unknown ? 1 : 0);
    }
    std::printf(
        "{\"additions\": %ld, \"nodes\": %ld, \"requests\": %ld, \"sessions\": %zu, \"sessions lost\": %ld, "
        "\"outcomes unknown\": %ld, \"violations\": %d}\n",
        additions, nodes, acknowledged_, lives_.size(), lost, unknown, violations_);
  }

  std::string servers_, direct_servers_;
  int clients_;
  std::chrono::milliseconds session_timeout_;
  asio::io_context io_{1};
  asio::posix::stream_descriptor input_{io_, ::dup(STDIN_FILENO)};
  std::mt19937 random_{std::random_device{}()};
  bool stopping_ = false;
  std::list<Life> lives_;
  std::int64_t acknowledged_ = 0;
  int violations_ = 0;
};

}  // namespace
}  // namespace muster::chaos

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return muster::chaos::Load(argv).run();
}
