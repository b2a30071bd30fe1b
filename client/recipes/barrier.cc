#include <muster/recipes/barrier.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "client/recipes/background.h"
#include "client/recipes/nodes.h"
#include "client/recipes/within.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr const char* ready_name = "ready";

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }

// Until there is no such node.
asio::awaitable<void> wait_until_gone(Client client, std::string path) {
  for (;;) {
    const auto [error, there, watch] = co_await client.async_exists_and_watch(path, quietly);
    if (error) fail(error);
    if (!there) co_return;
    const auto [over, event] = co_await watch.async_wait(quietly);
    if (over) fail(over);
  }
}

asio::awaitable<bool> gone(Client client, std::string path) {
  co_await wait_until_gone(client, path);
  co_return true;
}
asio::awaitable<bool> wait_until_gone_within(Client client, std::string path,
                                             std::chrono::milliseconds limit) {
  const std::optional<bool> done = co_await within(client, limit, gone(client, path));
  co_return done.has_value();
}

asio::awaitable<void> wait_until_there(Client client, std::string path) {
  for (;;) {
    const auto [error, there, watch] = co_await client.async_exists_and_watch(path, quietly);
    if (error) fail(error);
    if (there) co_return;
    const auto [over, event] = co_await watch.async_wait(quietly);
    if (over) fail(over);
  }
}

// Those that have entered and not left.
std::vector<std::string> inside(std::vector<std::string> names) {
  std::erase(names, ready_name);
  return names;
}

}  // namespace

Barrier::Barrier(Client client, std::string path) : client_(std::move(client)), path_(std::move(path)) {}
asio::awaitable<void> Barrier::raise() const { return make_node(client_, path_); }
asio::awaitable<void> Barrier::lower() const { return remove_node(client_, path_); }
asio::awaitable<void> Barrier::wait() const { return wait_until_gone(client_, path_); }
asio::awaitable<bool> Barrier::wait_within(std::chrono::milliseconds limit) const {
  return wait_until_gone_within(client_, path_, limit);
}

DoubleBarrier::DoubleBarrier(Client client, std::string path, std::size_t count)
    : client_(std::move(client)), path_(std::move(path)), count_(count) {
  if (count == 0) throw std::invalid_argument("a barrier for nobody; give a count of at least 1");
}

DoubleBarrier::~DoubleBarrier() {
  if (!mine_.empty()) remove_in_background(client_, mine_);
}

asio::awaitable<void> DoubleBarrier::enter() {
  if (!mine_.empty()) fail(make_error_code(ErrorCode::invalid_state));
  mine_ = path_ + "/" + client_.make_guid();
  Unfinished unfinished = unfinished_node(client_, mine_);
  const std::string ready = path_ + "/" + ready_name;
  for (error_code error = make_error_code(ErrorCode::no_node); error;) {
    const auto [failed, created] = co_await client_.async_create(mine_, "", CreateMode::ephemeral, quietly);
    error = failed;
    if (may_ask_again(error)) continue;
    if (error == ErrorCode::no_node)
      co_await make_parents(client_, mine_);
    else if (error == ErrorCode::node_exists)
      break;
    else if (error)
      fail(error);
  }
  const auto [error, children] = co_await client_.async_children(path_, quietly);
  if (error) fail(error);
  // The last one to come sees all; those who come at once may all see all.
  if (inside(children.names).size() >= count_) co_await make_node(client_, ready);
  co_await wait_until_there(client_, ready);
  unfinished.finish();
}

// Each waits for one other: the first one for the last, the others for the first. (Else all would be woken by each.)
asio::awaitable<void> DoubleBarrier::leave() {
  if (mine_.empty()) fail(make_error_code(ErrorCode::invalid_state));
  const std::string mine(mine_.substr(path_.size() + 1));
  for (;;) {
    const auto [error, children] = co_await client_.async_children(path_, quietly);
    if (error == ErrorCode::no_node) break;
    if (error) fail(error);
    const std::vector<std::string> all = inside(children.names);
    const bool here = std::find(all.begin(), all.end(), mine) != all.end();
    if (all.empty() || (here && all.size() == 1)) break;
    const bool lowest = here && all.front() == mine;
    if (!lowest && here) co_await remove_node(client_, mine_);
    co_await wait_until_gone(client_, path_ + "/" + (lowest ? all.back() : all.front()));
  }
  co_await remove_node(client_, mine_);
  mine_.clear();
  co_await remove_node(client_, path_ + "/" + ready_name);
}

}  // namespace muster::recipes
