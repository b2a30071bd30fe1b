#include "client/recipes/contender.h"

#include <muster/path.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "client/recipes/background.h"
#include "client/recipes/nodes.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }

std::string name_with(const std::vector<std::string>& names, const std::string& prefix) {
  const auto at = std::find_if(names.begin(), names.end(),
                               [&prefix](const std::string& name) { return name.starts_with(prefix); });
  return at == names.end() ? std::string() : *at;
}

// Removes what a creation has made that was given up: it is decided when this reads, because it reads after it on the
// same session.
void remove_by_prefix(const Client& client, const std::string& directory, const std::string& prefix) {
  client.linearizable().async_children(directory, [=](error_code error, const Children& children) {
    if (may_ask_again(error)) return remove_by_prefix(client, directory, prefix);
    if (error) return;
    const std::string name = name_with(children.names, prefix);
    if (!name.empty()) remove_in_background(client, directory + "/" + name);
  });
}

struct Kind {
  std::string_view word;  // what stands before the number
  bool shared;
};
constexpr std::array<Kind, 7> kinds{{{"lock-", false},
                                     {"__lock__", false},
                                     {"__WRIT__", false},
                                     {"latch-", false},
                                     {"lease-", false},
                                     {"__READ__", true},
                                     {"__rlock__", true}}};
constexpr std::size_t digits = 10;

std::optional<Place> place_of(const std::string& name) {
  for (const Kind& kind : kinds) {
    const std::size_t at = name.rfind(kind.word);
    if (at == std::string::npos) continue;
    const std::string_view number = std::string_view(name).substr(at + kind.word.size());
    Place place{name, 0, kind.shared};
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), place.number);
    if (error == std::errc() && end == number.data() + number.size() && number.size() >= digits) return place;
  }
  return std::nullopt;
}

// Whom the node `mine` waits for; "" if it is its turn. The list may hold what has gone since, but never lacks what is
// there: what stood before us can only go.
std::string obstacle(const std::vector<std::string>& names, std::string_view mine) {
  const std::string directory = std::string(parent_of(mine)) + "/";
  std::string before, before_exclusive;
  for (const Place& place : places(names)) {
    if (place.name == name_of(mine)) return place.shared ? before_exclusive : before;
    before = directory + place.name;
    if (!place.shared) before_exclusive = before;
  }
  fail(make_error_code(ErrorCode::no_node));
}

struct Made {
  error_code error;
  std::string path;
  Zxid zxid;
};

asio::awaitable<Made> make(Client client, std::string path, std::string data) {
  const auto [error, created] =
      co_await client.async_create(path, data, CreateMode::ephemeral_sequential, quietly);
  co_return Made{error, created.path, created.stat.czxid};
}

// What a creation has made whose answer was lost. The error is no_node if it made nothing.
asio::awaitable<Made> find_again(Client client, std::string directory, std::string prefix) {
  const auto [error, children] = co_await client.linearizable().async_children(directory, quietly);
  const std::string name = name_with(children.names, prefix);
  if (error || name.empty()) co_return Made{error ? error : make_error_code(ErrorCode::no_node), {}, {}};
  const std::string path = directory + "/" + name;
  const auto [gone, stat] = co_await client.async_exists(path, quietly);
  if (gone || !stat) co_return Made{gone ? gone : make_error_code(ErrorCode::no_node), {}, {}};
  co_return Made{{}, path, stat->czxid};
}

}  // namespace

std::vector<Place> places(const std::vector<std::string>& names) {
  std::vector<Place> all;
  for (const std::string& name : names) {
    if (auto place = place_of(name)) all.push_back(*std::move(place));
  }
  std::sort(all.begin(), all.end(), [](const Place& a, const Place& b) {
    return std::pair(a.number, std::string_view(a.name)) < std::pair(b.number, std::string_view(b.name));
  });
  return all;
}

asio::awaitable<Contender> Contender::enter(Client client, std::string directory, std::string kind,
                                            std::string data) {
  const std::string prefix = "_c_" + client.make_guid() + "-";
  const std::string path = directory + "/" + prefix + kind;
  Unfinished unfinished(client, [=](const Client& again) { remove_by_prefix(again, directory, prefix); });
  for (;;) {
    Made made = co_await make(client, path, data);
    if (may_ask_again(made.error)) made = co_await find_again(client, directory, prefix);
    if (!made.error) {
      unfinished.finish();
      co_return Contender(client, made.path, made.zxid);
    }
    if (made.error != ErrorCode::no_node) fail(made.error);
    co_await make_parents(client, path);
  }
}

Contender::Contender(Client client, std::string path, Zxid zxid)
    : client_(std::move(client)), path_(std::move(path)), zxid_(zxid) {}

Contender::Contender(Contender&& other) noexcept
    : client_(other.client_), path_(std::exchange(other.path_, {})), zxid_(other.zxid_) {}

Contender& Contender::operator=(Contender&& other) noexcept {
  if (this == &other) return *this;
  if (entered()) remove_in_background(client_, path_);
  client_ = other.client_;
  path_ = std::exchange(other.path_, {});
  zxid_ = other.zxid_;
  return *this;
}

Contender::~Contender() {
  if (entered()) remove_in_background(client_, path_);
}

asio::awaitable<void> Contender::leave() {
  if (!entered()) co_return;
  const Client client = client_;
  const std::string path = std::exchange(path_, {});
  Unfinished left = unfinished_node(client, path);
  co_await remove_node(client, path);
  left.finish();
}

asio::awaitable<void> wait_turn(const Contender& mine) {
  const Client client = mine.client();
  const std::string path = mine.path(), directory(parent_of(path));
  for (;;) {
    const auto [failed, children] = co_await client.async_children(directory, quietly);
    if (failed) fail(failed);
    const std::string before = obstacle(children.names, path);
    if (before.empty()) co_return;
    const auto [error, there, watch] = co_await client.async_exists_and_watch(before, quietly);
    if (error) fail(error);
    if (!there) continue;
    const auto [over, event] = co_await watch.async_wait(quietly);
    if (over) fail(over);
  }
}

asio::awaitable<bool> is_turn(const Contender& mine) {
  const Client client = mine.client();
  const std::string path = mine.path(), directory(parent_of(path));
  const auto [error, children] = co_await client.async_children(directory, quietly);
  if (error) fail(error);
  co_return obstacle(children.names, path).empty();
}

}  // namespace muster::recipes
