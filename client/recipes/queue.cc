#include <muster/recipes/queue.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <utility>

#include "client/recipes/background.h"
#include "client/recipes/contender.h"
#include "client/recipes/nodes.h"
#include "client/recipes/once.h"
#include "client/recipes/within.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }
[[noreturn]] void fail(ErrorCode code) { fail(make_error_code(code)); }

std::string entries(const std::string& path) { return path + "/entries"; }
std::string taken(const std::string& path) { return path + "/taken"; }

asio::awaitable<void> make_queue(Client client, std::string path) {
  co_await make_node(client, entries(path));
  co_await make_node(client, taken(path));
}

// A claim is known by its mark: another may be made under its name as soon as it is gone.
IsOurs marked(const std::string& mark) {
  return [mark](const Value& claim) { return claim.data == mark; };
}

struct Claim {
  std::string mark, data;
};

// Claims an entry if it is still there, in one piece: one that was finished in the meantime can't be claimed. Or
// nothing if another one was faster.
asio::awaitable<std::optional<Claim>> claim(Client client, std::string path, std::string name) {
  const std::string entry = entries(path) + "/" + name;
  const std::string claimed = taken(path) + "/" + name, mark = client.make_guid();
  Unfinished unfinished(
      client, [=](const Client& again) { remove_ours_in_background(again, claimed, marked(mark)); });
  Transaction both;
  both.check(entry, any_version);
  both.create(claimed, mark, CreateMode::ephemeral);
  for (;;) {
    const auto [error, result] = co_await client.async_multi(both, quietly);
    if (may_ask_again(error)) continue;
    if (error && error != ErrorCode::node_exists && error != ErrorCode::no_node) fail(error);
    // It may be ours although we are told that it is there: by an attempt whose answer was lost.
    const auto [gone, holder] = co_await client.async_get(claimed, quietly);
    if (gone && gone != ErrorCode::no_node) fail(gone);
    if (gone || holder.data != mark) {
      unfinished.finish();
      co_return std::nullopt;
    }
    const auto [lost, value] = co_await client.async_get(entry, quietly);
    if (lost == ErrorCode::no_node) co_return std::nullopt;
    if (lost) fail(lost);
    unfinished.finish();
    co_return Claim{mark, value.data};
  }
}

// The entries that nobody has, the one to be taken first at the front. With watches, if the queue is empty.
struct Free {
  std::vector<std::string> names;
  Watch put, given_back;
};

asio::awaitable<Free> list(Client client, std::string path) {
  for (;;) {
    auto [error, all, put] = co_await client.async_children_and_watch(entries(path), quietly);
    if (error == ErrorCode::no_node) {
      co_await make_queue(client, path);
      continue;
    }
    if (error) fail(error);
    auto [failed, claims, given_back] = co_await client.async_children_and_watch(taken(path), quietly);
    if (failed == ErrorCode::no_node) {
      co_await make_queue(client, path);
      continue;
    }
    if (failed) fail(failed);
    Free free;
    std::set_difference(all.names.begin(), all.names.end(), claims.names.begin(), claims.names.end(),
                        std::back_inserter(free.names));
    free.put = std::move(put);
    free.given_back = std::move(given_back);
    co_return free;
  }
}

struct Taken {
  std::string name;
  Claim claim;
};

// Nothing if there is nothing.
asio::awaitable<std::optional<Taken>> take_one(Client client, std::string path) {
  for (;;) {
    const Free free = co_await list(client, path);
    if (free.names.empty()) co_return std::nullopt;
    const std::string name = free.names.front();
    std::optional<Claim> ours = co_await claim(client, path, name);
    if (ours) co_return Taken{name, *std::move(ours)};
  }
}

// Those that wait stand in a line, and only the first one listens: an item that comes wakes one.
asio::awaitable<Taken> wait_for_one(Client client, std::string path) {
  using asio::experimental::awaitable_operators::operator||;
  const Contender turn = co_await Contender::enter(client, path + "/takers", "lock-", "");
  co_await wait_turn(turn);
  for (;;) {
    const Free free = co_await list(client, path);
    if (free.names.empty()) {
      const auto told = co_await (free.put.async_wait(quietly) || free.given_back.async_wait(quietly));
      const error_code over =
          told.index() == 0 ? std::get<0>(std::get<0>(told)) : std::get<0>(std::get<1>(told));
      if (over) fail(over);
      continue;
    }
    const std::string name = free.names.front();
    std::optional<Claim> ours = co_await claim(client, path, name);
    if (ours) co_return Taken{name, *std::move(ours)};
  }
}

asio::awaitable<void> put_item(std::shared_ptr<Once> once, Client client, std::string path, std::string data,
                               int priority) {
  if (priority < 0 || priority > 999) fail(ErrorCode::bad_arguments);
  const std::string digits = std::to_string(1000 + priority).substr(1);
  for (;;) {
    Transaction change;
    change.create(entries(path) + "/entry-" + digits + "-", data, CreateMode::sequential);
    error_code failed;
    try {
      co_await once->commit(std::move(change));
    } catch (const boost::system::system_error& failure) {
      failed = failure.code();
    }
    if (!failed) co_return;
    if (failed != ErrorCode::no_node) fail(failed);
    co_await make_queue(client, path);
  }
}

asio::awaitable<std::size_t> count_items(Client client, std::string path) {
  const auto [error, all] = co_await client.async_children(entries(path), quietly);
  if (error && error != ErrorCode::no_node) fail(error);
  co_return all.names.size();
}

}  // namespace

Item::Item() noexcept = default;
Item::Item(Client client, std::string path, std::string name, std::string mark, std::string data)
    : client_(std::move(client)),
      path_(std::move(path)),
      name_(std::move(name)),
      mark_(std::move(mark)),
      data_(std::move(data)) {}
Item::Item(Item&& other) noexcept
    : client_(std::exchange(other.client_, {})),
      path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      mark_(std::move(other.mark_)),
      data_(std::move(other.data_)) {}
Item& Item::operator=(Item&& other) noexcept {
  if (this == &other) return *this;
  drop();
  client_ = std::exchange(other.client_, {});
  path_ = std::move(other.path_);
  name_ = std::move(other.name_);
  mark_ = std::move(other.mark_);
  data_ = std::move(other.data_);
  return *this;
}
Item::~Item() { drop(); }

void Item::drop() noexcept {
  if (client_) remove_ours_in_background(*client_, taken(path_) + "/" + name_, marked(mark_));
  client_.reset();
}

asio::awaitable<void> Item::finish(Transaction effect) {
  if (!client_) fail(ErrorCode::invalid_state);
  const Client client = *client_;
  const std::string entry = entries(path_) + "/" + name_;
  effect.remove(taken(path_) + "/" + name_);
  effect.remove(entry);
  for (;;) {
    const auto [error, result] = co_await client.async_multi(effect, quietly);
    if (error && !may_ask_again(error)) fail(error);
    if (!error) break;
    const auto [lost, there] = co_await client.linearizable().async_exists(entry, quietly);
    if (lost) fail(lost);
    if (!there) break;  // nobody else removes what we have claimed
  }
  client_.reset();
}

asio::awaitable<void> Item::give_back() {
  if (!client_) co_return;
  co_await remove_our_node(*client_, taken(path_) + "/" + name_, marked(mark_));
  client_.reset();
}

Queue::Queue(Client client, std::string path)
    : client_(std::move(client)), path_(std::move(path)), once_(std::make_shared<Once>(client_, path_)) {}
Queue::Queue(Queue&&) noexcept = default;
Queue& Queue::operator=(Queue&&) noexcept = default;
Queue::~Queue() = default;

// Coroutines of copies: this may be gone before they run.

asio::awaitable<void> Queue::put(std::string data, int priority) {
  return put_item(once_, client_, path_, std::move(data), priority);
}
asio::awaitable<Item> Queue::take() const { return take_item(client_, path_); }
asio::awaitable<std::optional<Item>> Queue::try_take() const { return try_take_item(client_, path_); }
asio::awaitable<std::optional<Item>> Queue::take_within(std::chrono::milliseconds limit) const {
  return within(client_, limit, take());
}
asio::awaitable<std::size_t> Queue::size() const { return count_items(client_, path_); }

asio::awaitable<Item> Queue::take_item(Client client, std::string path) {
  std::optional<Taken> one = co_await take_one(client, path);
  if (!one) one = co_await wait_for_one(client, path);
  co_return Item(client, path, one->name, one->claim.mark, one->claim.data);
}

asio::awaitable<std::optional<Item>> Queue::try_take_item(Client client, std::string path) {
  std::optional<Taken> one = co_await take_one(client, path);
  if (!one) co_return std::nullopt;
  co_return Item(client, path, one->name, one->claim.mark, one->claim.data);
}

}  // namespace muster::recipes
