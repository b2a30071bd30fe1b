#include "client/recipes/nodes.h"

#include <muster/path.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client/recipes/background.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// That it is there already is as good.
asio::awaitable<error_code> make(Client client, std::string path, CreateMode mode) {
  for (;;) {
    const auto [error, created] = co_await client.async_create(path, "", mode, quietly);
    if (error == ErrorCode::unimplemented && mode == CreateMode::container) {
      mode = CreateMode::persistent;
    } else if (!may_ask_again(error)) {
      co_return error == ErrorCode::node_exists ? error_code() : error;
    }
  }
}

asio::awaitable<void> make_all(Client client, std::string path, CreateMode mode) {
  for (;;) {
    error_code error = co_await make(client, path, mode);
    if (!error) co_return;
    // An ancestor is missing. One that is a container may go again before it has a child.
    for (std::size_t end = path.find('/', 1); error == ErrorCode::no_node && end != std::string::npos;
         end = path.find('/', end + 1)) {
      const error_code above = co_await make(client, path.substr(0, end), CreateMode::persistent);
      if (above) throw boost::system::system_error(above);
    }
    if (error != ErrorCode::no_node || path.find('/', 1) == std::string::npos)
      throw boost::system::system_error(error);
  }
}

}  // namespace

asio::awaitable<void> make_parents(Client client, std::string path) {
  const std::string parent(parent_of(path));
  if (parent.size() > 1) co_await make_all(std::move(client), parent, CreateMode::container);
}

asio::awaitable<void> make_node(Client client, std::string path) {
  co_await make_all(std::move(client), std::move(path), CreateMode::persistent);
}

asio::awaitable<void> remove_node(Client client, std::string path) {
  for (;;) {
    const auto [error] = co_await client.async_remove(path, any_version, quietly);
    if (may_ask_again(error)) continue;
    if (error && error != ErrorCode::no_node) throw boost::system::system_error(error);
    co_return;
  }
}

asio::awaitable<void> remove_our_node(Client client, std::string path, IsOurs is_ours) {
  for (;;) {
    const auto [gone, value] = co_await client.linearizable().async_get(path, quietly);
    if (may_ask_again(gone)) continue;
    if (gone && gone != ErrorCode::no_node) throw boost::system::system_error(gone);
    if (gone || !is_ours(value)) co_return;
    const auto [error] = co_await client.async_remove(path, any_version, quietly);
    if (may_ask_again(error)) continue;
    if (error && error != ErrorCode::no_node) throw boost::system::system_error(error);
    co_return;
  }
}

}  // namespace muster::recipes
