// Many clients that use recipes together, while client_chaos.py hurts their servers and connections:
//
//   recipes-load SERVERS DIRECT_SERVERS CLIENTS SESSION_TIMEOUT_MS
//
// Each client adds to a counter, puts items into a queue and takes them out, edits a configuration, is registered as an
// instance, and follows all of that by caches; when it loses its session it begins a new life. At a line on standard input
// (or its end) all stop; what is there is then read through DIRECT_SERVERS and compared:
//   - a counter has what its clients were told of; additions of unknown outcome count once or not at all, and only a lost
//     session may leave one
//   - each item that was put was finished once, and nothing else was
//   - the configuration's history has no hole, and its value is what the edits of the history make of it
//   - each cache shows the tree, and each directory the instances that live: those of all clients
// (What is cached is a board of nodes that all write, remove and make again; and the others' counter, values and entries.)
// Prints the figures as JSON; exit status 1 if anything differs.
#include <muster/blocking_client.h>
#include <muster/recipes/configuration.h>
#include <muster/recipes/counter.h>
#include <muster/recipes/node_cache.h>
#include <muster/recipes/queue.h>
#include <muster/recipes/registry.h>
#include <muster/recipes/tree_cache.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
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
#include <string>

namespace muster::chaos {
namespace {

using namespace std::chrono_literals;
using namespace boost::asio::experimental::awaitable_operators;
using namespace muster::recipes;

constexpr int clients_on_a_counter = 10;
constexpr std::int64_t max_backlog = 200;  // items
const Setting<std::int64_t> edits{"edits", 0};

ConfigurationOptions options(const std::string& who) {
  ConfigurationOptions all;
  all.who = who;
  all.rules = {edits};
  all.history = 1'000'000;
  return all;
}

// What one session follows.
struct Observer {
  Observer(const Client& client, const std::string& who, const std::string& counter)
      : board(client, "/board"),
        count(client, counter),
        config(client, "/config", options(who)),
        services(client, "/services", "load") {}
  TreeCache board;
  NodeCache count;
  Configuration config;
  ServiceDirectory services;
};

struct Life {
  std::string client;  // "17"
  std::string name;    // "17.2": its second life
  std::optional<Client> session;
  std::unique_ptr<Observer> observer;
  Registration entry;
  int items = 0;  // that it has made names for
  bool lost = false;
  [[nodiscard]] bool is_present() const { return entry && !lost && !is_over(session->state()); }
};

class Load {
 public:
  Load(char** arguments)
      : servers_(arguments[1]),
        direct_servers_(arguments[2]),
        clients_(std::stoi(arguments[3])),
        session_timeout_(std::stoi(arguments[4])) {}

  int run() {
    prepare();
    for (int number = 0; number < clients_; ++number) spawn(live(number));
    input_.async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code) { stop(); });
    std::puts("counting");
    std::fflush(stdout);
    io_.run();
    report();
    return violations_ == 0 ? 0 : 1;
  }

 private:
  void spawn(asio::awaitable<void> story) {
    asio::co_spawn(io_, std::move(story), [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    });
  }
  [[nodiscard]] ClientConfig config(const std::string& servers) const {
    ClientConfig config;
    config.servers = servers;
    config.session_timeout = session_timeout_;
    return config;
  }
  [[nodiscard]] static std::string counter_of(int number) {
    return "/counters/" + std::to_string(number / clients_on_a_counter);
  }

  void violation(const std::string& what) {
    if (++violations_ <= 50) std::printf("VIOLATION %s\n", what.c_str());
  }

  void prepare() {
    const BlockingClient client(config(direct_servers_));
    client.create("/done", "").value();
    client.create("/board", "").value();
  }
  void stop() {
    stopping_ = true;
    spawn(judge());
  }

  asio::awaitable<void> live(int number) {
    for (int life = 1; !stopping_; ++life) {
      Life& mine = lives_.emplace_back();
      mine.client = std::to_string(number);
      mine.name = mine.client + "." + std::to_string(life);
      const Client client(io_.get_executor(), config(servers_));
      mine.session = client;
      mine.observer = std::make_unique<Observer>(client, mine.name, counter_of(number));
      ++working_;
      co_await (be_found(client, mine) && add(client, mine, counter_of(number)) && put(client, mine) &&
                take(client, mine) && scribble(client, mine) && edit(mine));
      --working_;
      // The last life of each stays until all is compared.
      while (stopping_ && !mine.lost && !judged_) co_await pause();
      mine.observer.reset();
      mine.entry = {};
      mine.session.reset();
      co_await client.async_close(asio::as_tuple(asio::use_awaitable));
    }
  }

  // Does it, and again, until all stop or the session is lost. What it throws may have been done.
  template <class Step>
  asio::awaitable<void> repeat(Life& life, const char* what, std::int64_t& unknown, Step step) {
    const std::string name = life.name + " " + what;
    while (!stopping_ && !life.lost) {
      under_way_.insert(name);
      try {
        co_await step();
      } catch (const boost::system::system_error& failure) {
        life.lost = true;
        ++unknown;
        if (failure.code() != ErrorCode::session_expired) violation(name + ": " + failure.code().message());
      }
      under_way_.erase(name);
      co_await pause();
    }
  }

  asio::awaitable<void> pause() {
    asio::steady_timer timer(io_, std::chrono::milliseconds(std::uniform_int_distribution(20, 180)(random_)));
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::awaitable<void> add(Client client, Life& life, std::string path) {
    Counter counter(client, path);
    Tally& tally = additions_[path];
    co_await repeat(life, "adding", tally.unknown, [&]() -> asio::awaitable<void> {
      co_await counter.add(1);
      ++tally.told;
    });
  }

  asio::awaitable<void> put(Client client, Life& life) {
    Queue queue(client, "/queue");
    std::int64_t unknown = 0;
    co_await repeat(life, "putting", unknown, [&]() -> asio::awaitable<void> {
      // Else the queue would grow: a take asks for the names of all.
      if (static_cast<std::int64_t>(put_.size()) > finished_ + max_backlog) co_return;
      const std::string item = life.name + "-" + std::to_string(life.items++);
      doubtful_.insert(item);
      co_await queue.put(item);
      doubtful_.erase(item);
      put_.insert(item);
    });
  }

  asio::awaitable<void> take(Client client, Life& life) {
    Queue queue(client, "/queue");
    std::int64_t unknown = 0;
    co_await repeat(life, "taking", unknown, [&]() -> asio::awaitable<void> {
      std::optional<Item> item = co_await queue.take_within(500ms);
      if (item) co_await finish(*item);
    });
  }
  // Doing an item twice fails: its node is there.
  asio::awaitable<void> finish(Item& item) {
    Transaction effect;
    effect.create("/done/" + item.data(), "");
    error_code failed;
    try {
      co_await item.finish(effect);
      ++finished_;
    } catch (const boost::system::system_error& failure) {
      failed = failure.code();
    }
    if (failed == ErrorCode::no_node) co_return;  // its session was lost, and another one has it
    if (failed) throw boost::system::system_error(failed);
  }

  // Of those that can't be done nothing is said, nor is it counted.
  asio::awaitable<void> scribble(Client client, Life& life) {
    std::int64_t unknown = 0;
    co_await repeat(life, "scribbling", unknown, [&]() -> asio::awaitable<void> {
      std::string path = "/board/" + std::to_string(random_() % 20);
      if (random_() % 2 == 0) path += "/" + std::to_string(random_() % 5);
      constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
      error_code failed;
      switch (random_() % 3) {
        case 0:
          failed = std::get<0>(co_await client.async_create(path, life.name, {}, quietly));
          break;
        case 1:
          failed = std::get<0>(co_await client.async_set(path, life.name, any_version, quietly));
          break;
        default:
          failed = std::get<0>(co_await client.async_remove(path, any_version, quietly));
      }
      if (is_outcome_unknown(failed)) throw boost::system::system_error(failed);
    });
  }

  asio::awaitable<void> edit(Life& life) {
    const Configuration& config = life.observer->config;
    co_await repeat(life, "editing", edits_.unknown, [&]() -> asio::awaitable<void> {
      const ConfigView view = co_await config.newer();
      Edit change(life.name);
      change.set(edits, view[edits] + 1);
      error_code failed;
      try {
        co_await config.edit(view, change);
        ++edits_.told;
      } catch (const boost::system::system_error& failure) {
        failed = failure.code();
      }
      if (failed && failed != ErrorCode::bad_version) throw boost::system::system_error(failed);
    });
  }

  asio::awaitable<void> be_found(Client client, Life& life) {
    std::int64_t unknown = 0;
    bool entered = false;
    co_await repeat(life, "registering", unknown, [&]() -> asio::awaitable<void> {
      if (entered) co_return;
      life.entry = co_await Registration::enter(client, "/services",
                                                ServiceInstance("load", life.client, life.name, 1));
      entered = true;
      ++registrations_;
      spawn(notice_loss(life));
    });
  }
  asio::awaitable<void> notice_loss(Life& life) {
    const auto why = co_await life.entry.lost();
    if (why != Registration::Loss::session_over && !judged_)
      violation(life.name + " has lost its entry, and not its session");
  }

  // When all have stopped.
  asio::awaitable<void> judge() {
    for (int rounds = 1; working_ > 0; ++rounds) {
      co_await pause();
      if (rounds % 300 != 0) continue;  // about half a minute
      for (const std::string& step : under_way_) std::fprintf(stderr, "still %s\n", step.c_str());
    }
    std::fprintf(stderr, "all have stopped\n");
    Client client = Client(io_.get_executor(), config(direct_servers_)).linearizable();
    co_await drain(client);
    std::fprintf(stderr, "the queue is empty\n");
    co_await judge_caches(client);
    std::fprintf(stderr, "caches are compared\n");
    judged_ = true;
    co_await judge_counters(client);
    co_await judge_items(client);
    co_await judge_history(client);
    client.close();
  }

  // What was not taken.
  asio::awaitable<void> drain(Client client) {
    Queue queue(client, "/queue");
    while (co_await queue.size() > 0) {
      std::optional<Item> item = co_await queue.take_within(500ms);
      if (item) co_await finish(*item);
    }
  }

  asio::awaitable<void> judge_caches(Client client) {
    for (const Life& life : lives_) {
      if (!life.observer || !life.is_present()) continue;
      std::string wrong = co_await wrong_cache(client, life);
      for (int attempt = 0; attempt < 300 && !wrong.empty(); ++attempt) {
        co_await pause();
        wrong = life.is_present() ? co_await wrong_cache(client, life) : "";
      }
      if (!wrong.empty()) violation(life.name + ": its cache of " + wrong + " is not the tree");
      ++caches_;
    }
  }
  asio::awaitable<std::string> wrong_cache(Client client, const Life& life) {
    const Observer& mine = *life.observer;
    std::map<std::string, Zxid> truth, shown_board;
    co_await read_tree(client, "/board", truth);
    for (const auto& [path, node] : mine.board.state()->nodes) shown_board[path] = node->stat.mzxid;
    if (shown_board != truth) co_return "the board";
    const Value count = co_await client.async_get(counter_of(std::stoi(life.client)), asio::use_awaitable);
    if (!mine.count.state()->value || mine.count.state()->value->data != count.data) co_return "the counter";
    const Value value = co_await client.async_get("/config/values/edits", asio::use_awaitable);
    const Value* shown = mine.config.view().find("edits");
    if (!shown || shown->data != value.data || shown->stat.mzxid != value.stat.mzxid)
      co_return "the configuration";
    std::vector<std::string> ids, present;
    for (const ServiceInstance& instance : mine.services.instances()->all) ids.push_back(instance.id);
    for (const Life& other : lives_) {
      if (other.is_present()) present.push_back(other.client);
    }
    std::sort(present.begin(), present.end());
    co_return ids == present ? "" : "the instances";
  }

  asio::awaitable<void> read_tree(Client client, std::string path, std::map<std::string, Zxid>& all) {
    const Value value = co_await client.async_get(path, asio::use_awaitable);
    all[path] = value.stat.mzxid;
    const Children children = co_await client.async_children(path, asio::use_awaitable);
    for (const std::string& name : children.names) co_await read_tree(client, path + "/" + name, all);
  }

  asio::awaitable<void> judge_counters(Client client) {
    for (const auto& [path, tally] : additions_) {
      const std::int64_t found = co_await Counter(client, path).get();
      if (found < tally.told || found > tally.told + tally.unknown) {
        violation(path + " is " + std::to_string(found) + ", " + std::to_string(tally.told) +
                  " additions were told, " + std::to_string(tally.unknown) + " are in doubt");
      }
    }
  }

  asio::awaitable<void> judge_items(Client client) {
    const Children children = co_await client.async_children("/done", asio::use_awaitable);
    const std::set<std::string> done(children.names.begin(), children.names.end());
    for (const std::string& item : put_) {
      if (!done.contains(item)) violation("item " + item + " was put and is lost");
    }
    for (const std::string& item : done) {
      if (!put_.contains(item) && !doubtful_.contains(item)) violation("item " + item + " was never put");
    }
  }

  asio::awaitable<void> judge_history(Client client) {
    const Configuration config(client, "/config", options("judge"));
    const std::vector<ConfigChange> history = co_await config.history(10'000'000);
    const auto count = static_cast<std::int64_t>(history.size());
    if (count < edits_.told || count > edits_.told + edits_.unknown) {
      violation("the history holds " + std::to_string(count) + " edits, " + std::to_string(edits_.told) +
                " were told, " + std::to_string(edits_.unknown) + " are in doubt");
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const ConfigChange& change = history[static_cast<std::size_t>(i)];
      if (change.number != count - i || change.keys.at("edits").after != std::to_string(count - i))
        violation("change " + std::to_string(change.number) + " is not the one after that before it");
    }
    const Value value = co_await client.async_get("/config/values/edits", asio::use_awaitable);
    if (value.data != std::to_string(count)) violation("the configuration is not what its history says");
  }

  void report() const {
    std::int64_t additions = 0, lost = 0,
                 unknown = edits_.unknown + static_cast<std::int64_t>(doubtful_.size());
    for (const auto& [path, tally] : additions_) {
      additions += tally.told;
      unknown += tally.unknown;
    }
    for (const Life& life : lives_) lost += life.lost ? 1 : 0;
    std::printf(
        "{\"additions\": %ld, \"items put\": %zu, \"items finished\": %ld, \"edits\": %ld, "
        "\"registrations\": %ld, "
        "\"sets of caches compared\": %ld, \"sessions\": %zu, \"sessions lost\": %ld, \"outcomes unknown\": "
        "%ld, "
        "\"violations\": %d}\n",
        additions, put_.size(), finished_, edits_.told, registrations_, caches_, lives_.size(), lost, unknown,
        violations_);
  }

  struct Tally {
    std::int64_t told = 0, unknown = 0;
  };

  std::string servers_, direct_servers_;
  int clients_;
  std::chrono::milliseconds session_timeout_;
  asio::io_context io_{1};
  asio::posix::stream_descriptor input_{io_, ::dup(STDIN_FILENO)};
  std::mt19937 random_{std::random_device{}()};
  bool stopping_ = false, judged_ = false;
  int working_ = 0;
  std::list<Life> lives_;
  std::map<std::string, Tally> additions_;  // by counter
  Tally edits_;
  std::set<std::string> put_, doubtful_;
  std::set<std::string> under_way_;  // "17.2 putting"
  std::int64_t finished_ = 0, registrations_ = 0, caches_ = 0;
  int violations_ = 0;
};

}  // namespace
}  // namespace muster::chaos

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  return muster::chaos::Load(argv).run();
}
