#include <muster/recipes/group.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/recipes/background.h"
#include "client/recipes/nodes.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }

// The data of those names that are still there.
asio::awaitable<Members> read(Client client, std::string path, std::vector<std::string> names) {
  ReadBatch batch;
  std::vector<Key<Value>> keys;
  for (const std::string& name : names) keys.push_back(batch.get(path + "/" + name));
  const auto [error, values] = co_await client.async_multi_read(batch, quietly);
  if (error) fail(error);
  Members members;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (const Answer<Value>& value = values[keys[i]]) members.emplace(names[i], value->data);
  }
  co_return members;
}

bool same_ids(const Members& members, const std::vector<std::string>& names) {
  if (members.size() != names.size()) return false;
  std::size_t i = 0;
  for (const auto& [id, data] : members) {
    if (id != names[i++]) return false;
  }
  return true;
}

asio::awaitable<Members> list(Client client, std::string path) {
  const auto [error, children] = co_await client.async_children(path, quietly);
  if (error && error != ErrorCode::no_node) fail(error);
  co_return co_await read(client, path, children.names);
}

asio::awaitable<Members> wait_for_change(Client client, std::string path, Members known) {
  for (;;) {
    auto [error, children, watch] = co_await client.async_children_and_watch(path, quietly);
    if (error == ErrorCode::no_node) {
      co_await make_node(client, path);
      continue;
    }
    if (error) fail(error);
    if (!same_ids(known, children.names)) co_return co_await read(client, path, children.names);
    const auto [over, event] = co_await watch.async_wait(quietly);
    if (over) fail(over);
  }
}

}  // namespace

Membership::Membership() noexcept = default;
Membership::Membership(Client client, std::string path)
    : client_(std::move(client)), path_(std::move(path)) {}
Membership::Membership(Membership&& other) noexcept
    : client_(other.client_), path_(std::exchange(other.path_, {})) {}
Membership& Membership::operator=(Membership&& other) noexcept {
  if (this == &other) return *this;
  if (!path_.empty()) remove_ours_in_background(*client_, path_, of_session(*client_));
  client_ = other.client_;
  path_ = std::exchange(other.path_, {});
  return *this;
}
Membership::~Membership() {
  if (!path_.empty()) remove_ours_in_background(*client_, path_, of_session(*client_));
}

asio::awaitable<void> Membership::set(std::string data) {
  if (path_.empty()) fail(make_error_code(ErrorCode::no_node));
  const Client client = *client_;
  const std::string path = path_;
  for (;;) {
    const auto [error, stat] = co_await client.async_set(path, data, any_version, quietly);
    if (may_ask_again(error)) continue;  // the same data again
    if (error) fail(error);
    co_return;
  }
}

asio::awaitable<void> Membership::leave() {
  if (path_.empty()) co_return;
  const Client client = *client_;
  const std::string path = std::exchange(path_, {});
  Unfinished left(client,
                  [path](const Client& again) { remove_ours_in_background(again, path, of_session(again)); });
  co_await remove_our_node(client, path, of_session(client));
  left.finish();
}

Group::Group(Client client, std::string path) : client_(std::move(client)), path_(std::move(path)) {}

// Coroutines of copies: this may be gone before they run.
asio::awaitable<Membership> Group::join(std::string id, std::string data) const {
  return enter(client_, path_ + "/" + id, std::move(data));
}
asio::awaitable<Members> Group::members() const { return list(client_, path_); }
asio::awaitable<Members> Group::changed(Members known) const {
  return wait_for_change(client_, path_, std::move(known));
}

asio::awaitable<Membership> Group::enter(Client client, std::string path, std::string data) {
  Unfinished unfinished(
      client, [path](const Client& again) { remove_ours_in_background(again, path, of_session(again)); });
  for (bool again = false;;) {
    const auto [error, created] = co_await client.async_create(path, data, CreateMode::ephemeral, quietly);
    bool ours = !error;
    if (may_ask_again(error)) {
      again = true;
    } else if (error == ErrorCode::no_node) {
      co_await make_parents(client, path);
    } else if (error == ErrorCode::node_exists && again) {
      const auto [failed, there] = co_await client.async_exists(path, quietly);
      if (failed) fail(failed);
      ours = there && there->ephemeral_owner == client.session_id();
      if (there && !ours) fail(error);
    } else if (error) {
      if (!is_outcome_unknown(error)) unfinished.finish();
      fail(error);
    }
    if (!ours) continue;
    unfinished.finish();
    co_return Membership(client, path);
  }
}

}  // namespace muster::recipes
