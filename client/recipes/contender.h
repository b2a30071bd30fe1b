// A place in a queue that many processes stand in: an ephemeral sequential node, made under a name of ours, so that it is
// found again when the answer to its creation was lost. The names are those of Curator's protected mode
// ("_c_<guid>-lock-0000000042"); those of kazoo ("<hex>__lock__0000000042") are understood, too.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::recipes {

class Contender {
 public:
  // Enters the queue `directory`, which is made if it is missing. `kind` is what stands before the number ("lock-").
  // Cancelled at any moment, it leaves nothing behind.
  [[nodiscard]] static asio::awaitable<Contender> enter(Client client, std::string directory,
                                                        std::string kind, std::string data);
  Contender(Contender&& other) noexcept;
  Contender& operator=(Contender&& other) noexcept;
  ~Contender();  // leaves in the background, across broken connections

  // Leaves, and waits until it is done. Errors: the session ended first, which is as good.
  [[nodiscard]] asio::awaitable<void> leave();
  [[nodiscard]] bool entered() const { return !path_.empty(); }
  [[nodiscard]] const Client& client() const { return client_; }
  [[nodiscard]] const std::string& path() const { return path_; }  // "" if it has left
  [[nodiscard]] Zxid zxid() const { return zxid_; }                // of its creation: grows along the queue

 private:
  Contender(Client client, std::string path, Zxid zxid);
  Client client_;
  std::string path_;
  Zxid zxid_;
};

// One that stands in a queue, by its name.
struct Place {
  std::string name;
  std::int64_t number = 0;
  bool shared = false;  // a reader's
};
// Those that stand there, in their order. What is no contender's name is left out.
[[nodiscard]] std::vector<Place> places(const std::vector<std::string>& names);

// Waits until no one before it keeps `mine` out: for one that shares, the last of those before it that do not; for
// another, everybody. Watches exactly one. Errors: no_node (someone has removed our node).
[[nodiscard]] asio::awaitable<void> wait_turn(const Contender& mine);
[[nodiscard]] asio::awaitable<bool> is_turn(const Contender& mine);

}  // namespace muster::recipes
