// Nodes that recipes live in.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <string>

#include "client/recipes/background.h"

namespace muster::recipes {

// Makes the parents of `path` that are missing. The nearest one is a container, if the servers know those: it goes some
// time after its last child.
[[nodiscard]] asio::awaitable<void> make_parents(Client client, std::string path);
// Makes a persistent node without data, and its parents, if it is missing.
[[nodiscard]] asio::awaitable<void> make_node(Client client, std::string path);
// Removes a node, across broken connections. That it is gone already is as good.
[[nodiscard]] asio::awaitable<void> remove_node(Client client, std::string path);
// The same of a node whose name others may use again (background.h).
[[nodiscard]] asio::awaitable<void> remove_our_node(Client client, std::string path, IsOurs is_ours);

}  // namespace muster::recipes
