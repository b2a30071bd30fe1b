// Who is there: a node for each member, which goes with its session. The layout of Curator's GroupMember.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <map>
#include <optional>
#include <string>

namespace muster::recipes {

// Destroying it leaves in the background.
class Membership {
 public:
  Membership() noexcept;  // of no group
  Membership(Membership&& other) noexcept;
  Membership& operator=(Membership&& other) noexcept;
  ~Membership();

  [[nodiscard]] const std::string& path() const { return path_; }  // "" if it has left
  // Changes what the others see. Errors: no_node (someone has removed our node).
  [[nodiscard]] asio::awaitable<void> set(std::string data);
  [[nodiscard]] asio::awaitable<void> leave();

 private:
  friend class Group;
  Membership(Client client, std::string path);
  std::optional<Client> client_;
  std::string path_;
};

using Members = std::map<std::string, std::string>;  // data by id

class Group {
 public:
  Group(Client client, std::string path);

  // Errors: node_exists (another session is a member of this id; it may be that of a process that has just died); those of
  // the session's end; no_auth.
  [[nodiscard]] asio::awaitable<Membership> join(std::string id, std::string data = "") const;
  [[nodiscard]] asio::awaitable<Members> members() const;
  // When the members' ids are others than `known`; changes of their data alone are not waited for.
  [[nodiscard]] asio::awaitable<Members> changed(Members known) const;

 private:
  static asio::awaitable<Membership> enter(Client client, std::string path, std::string data);

  Client client_;
  std::string path_;
};

}  // namespace muster::recipes
