#include "tests/simulation/recipe_follower.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "tests/simulation/sim.h"

namespace muster::simulation {
namespace {

using recipes::Registration;
using recipes::TreeState;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// Two nodes that are made, set and removed together.
constexpr const char* board = "/recipes/board";
constexpr const char* left = "/recipes/board/left";
constexpr const char* right = "/recipes/board/right";
constexpr const char* config = "/recipes/config";
constexpr const char* values = "/recipes/config/values";
constexpr const char* history = "/recipes/config/history";
constexpr const char* services = "/recipes/services";
constexpr const char* service = "/recipes/services/web";

const recipes::Setting<std::int64_t> edits{"edits", 0,
                                           [](std::int64_t n) { return n > 0 ? "" : "is below 1"; }};

recipes::ConfigurationOptions options(int index) {
  recipes::ConfigurationOptions all;
  all.who = std::to_string(index);
  all.rules = {edits};
  all.history = 1'000'000;
  return all;
}

std::string data_of(const TreeState& state, const char* path) {
  const Value* node = state.find(path);
  return node ? node->data : "(none)";
}

Zxid newest(const TreeState& state) {
  Zxid zxid;
  for (const auto& [path, node] : state.nodes) zxid = std::max(zxid, node->stat.mzxid);
  return zxid;
}

// The cache's nodes are those of the tree below `root`.
bool same(const TreeState& state, const tree::Tree& tree, const std::string& root, std::size_t& count) {
  const auto there = tree.data(root);
  if (!there) return true;
  ++count;
  const Value* node = state.find(root);
  if (!node || node->data != there->data.value_or("") || node->stat.mzxid != there->stat.mzxid) return false;
  const std::vector<std::string> names = tree.children(root);
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return same(state, tree, root + "/" + name, count); });
}

}  // namespace

RecipeFollower::RecipeFollower(const muster::Client& client, EditLedger& ledger, Random random, int index)
    : client_(client),
      ledger_(ledger),
      random_(random),
      index_(index),
      board_(client, board),
      one_(client, left),
      configuration_(client, config, options(index)),
      directory_(client, services, "web") {}

asio::awaitable<void> RecipeFollower::work(std::function<bool()> silent, std::int64_t think_ms) {
  const auto self = shared_from_this();
  co_await enter();
  while (!silent()) {
    co_await step();
    const auto [over] =
        co_await client_.async_wait_for(std::chrono::milliseconds(random_.between(0, think_ms)), quietly);
    if (over) co_return;
  }
}

asio::awaitable<void> RecipeFollower::step() {
  error_code error;
  try {
    if (random_.chance(1, 2)) {
      co_await change_pair();
    } else {
      co_await edit();
    }
  } catch (const boost::system::system_error& failure) {
    error = failure.code();
  }
  if (!error || refuses_writes(error) || is_over(client_.state())) co_return;
  broken("recipe-error", fmt::format("a follower of client {}: {}", index_, error.message()));
}

// Several in a row, so that events come while what others told of is read.
asio::awaitable<void> RecipeFollower::change_pair() {
  for (std::uint64_t more = random_.below(5); more > 0; --more)
    client_.async_multi(pair_change(), [](error_code, const TransactionResult&) {});
  const auto [error, result] = co_await client_.async_multi(pair_change(), quietly);
  if (error != ErrorCode::no_node) co_return;
  for (const char* path : {"/recipes", board})
    co_await client_.async_create(path, "", CreateMode::persistent, quietly);
}

Transaction RecipeFollower::pair_change() {
  Transaction change;
  const std::string data = std::to_string(++ledger_.pairs);
  switch (random_.below(5)) {
    case 0:
      change.create(left, data);
      change.create(right, data);
      break;
    case 1:
      change.remove(left);
      change.remove(right);
      break;
    default:
      change.set(left, data);
      change.set(right, data);
  }
  return change;
}

asio::awaitable<void> RecipeFollower::edit() {
  const recipes::ConfigView view = configuration_.view();
  recipes::Edit edit;
  edit.set(edits, view[edits] + 1);
  ++ledger_.in_doubt;
  error_code error;
  try {
    co_await configuration_.edit(view, edit);
    ++ledger_.told;
  } catch (const boost::system::system_error& failure) {
    error = failure.code();
  }
  if (!error || error == ErrorCode::bad_version) --ledger_.in_doubt;
  if (error && error != ErrorCode::bad_version) throw boost::system::system_error(error);
}

asio::awaitable<void> RecipeFollower::enter() {
  for (bool entered = false; !entered;) {
    error_code error;
    try {
      entry_ = co_await Registration::enter(client_, services,
                                            recipes::ServiceInstance("web", std::to_string(index_)));
      entered = true;
    } catch (const boost::system::system_error& failure) {
      error = failure.code();
    }
    if (error && is_over(client_.state())) co_return;
    if (error && !refuses_writes(error))
      broken("recipe-error", fmt::format("client {} enters: {}", index_, error.message()));
    const auto [over] = co_await client_.async_wait_for(std::chrono::milliseconds(100), quietly);
    if (over) co_return;
  }
  asio::co_spawn(co_await asio::this_coro::executor, watch_entry(), asio::detached);
}

asio::awaitable<void> RecipeFollower::watch_entry() {
  const auto self = shared_from_this();
  const Registration::Loss why = co_await entry_.lost();
  // One process at a time is of that name.
  if (why != Registration::Loss::session_over && client_.session_time_left() > std::chrono::milliseconds(0))
    broken("registry", fmt::format("client {} has lost its entry, and not its session", index_));
}

asio::awaitable<void> RecipeFollower::watch_board() {
  const auto self = shared_from_this();
  Zxid seen;
  for (std::uint64_t revision = 0;;) {
    const auto state = co_await board_.newer(revision);
    if (state->revision <= revision) broken("cache", "a revision goes back");
    revision = state->revision;
    if (!state->of_one_moment) continue;
    if (data_of(*state, left) != data_of(*state, right)) {
      broken("cache", fmt::format("client {} sees half of a transaction: {} and {}", index_,
                                  data_of(*state, left), data_of(*state, right)));
    }
    const Zxid newest_now = newest(*state);
    if (state->find(left) && newest_now < seen)
      broken("cache", fmt::format("client {} sees the past", index_));
    seen = std::max(seen, newest_now);
  }
}

asio::awaitable<void> RecipeFollower::watch_configuration() {
  const auto self = shared_from_this();
  std::int64_t seen = 0;
  for (std::uint64_t revision = 0;;) {
    const recipes::ConfigView view = co_await configuration_.newer(revision);
    revision = view.revision();
    if (view[edits] < seen) broken("configuration", fmt::format("client {} sees the past", index_));
    seen = view[edits];
  }
}

bool RecipeFollower::shows(const tree::Tree& tree) const {
  if (is_over(client_.state())) return true;
  std::size_t count = 0;
  const auto state = board_.state();
  if (!state->of_one_moment || !same(*state, tree, board, count) || count != state->nodes.size())
    return false;
  const auto one = tree.data(left);
  const auto known = one_.state();
  if (one.has_value() != known->value.has_value()) return false;
  if (one && one->stat.mzxid != known->value->stat.mzxid) return false;
  std::vector<std::string> ids;
  for (const recipes::ServiceInstance& instance : directory_.instances()->all) ids.push_back(instance.id);
  const auto value = tree.data(std::string(values) + "/edits");
  const std::int64_t edited = value ? std::stoll(value->data.value_or("0")) : 0;
  return ids == tree.children(service) && configuration_.view()[edits] == edited;
}

void EditLedger::check_end(const tree::Tree& tree) const {
  const auto log = tree.stat(history);
  const std::int64_t count = log ? log->version : 0;
  if (count < told || count > told + in_doubt) {
    broken("configuration",
           fmt::format("{} edits were made; {} were told, and perhaps {} more", count, told, in_doubt));
  }
  if (static_cast<std::int64_t>(tree.children(history).size()) != count)
    broken("configuration", "the history has a hole");
  const auto value = tree.data(std::string(values) + "/edits");
  if (count > 0 && (!value || value->data != std::to_string(count)))
    broken("configuration", fmt::format("{} edits were made, each of one more, and the value is {}", count,
                                        value ? value->data.value_or("") : "not there"));
}

}  // namespace muster::simulation
