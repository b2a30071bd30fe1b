#include <muster/recipes/election.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/recipes/contender.h"
#include "client/recipes/within.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }

asio::awaitable<Leadership> win(Client client, std::string path, std::string kind, std::string id) {
  Contender mine =
      co_await Contender::enter(std::move(client), std::move(path), std::move(kind), std::move(id));
  co_await wait_turn(mine);
  co_return Leadership(std::move(mine));
}

asio::awaitable<std::vector<Participant>> list(Client client, std::string path) {
  const auto [error, children] = co_await client.async_children(path, quietly);
  std::vector<Participant> all;
  if (error == ErrorCode::no_node) co_return all;
  if (error) fail(error);
  ReadBatch batch;
  std::vector<Key<Value>> keys;
  for (const Place& place : places(children.names)) keys.push_back(batch.get(path + "/" + place.name));
  const auto [failed, values] = co_await client.async_multi_read(batch, quietly);
  if (failed) fail(failed);
  for (const Key<Value> key : keys) {
    // One that has gone since is left out.
    if (const Answer<Value>& value = values[key]) all.push_back({value->data, value->stat.czxid});
  }
  co_return all;
}

// The first that stands there, with a watch that tells when it may be another.
struct First {
  std::string node;  // "" of nobody
  Watch watch;
};

asio::awaitable<First> first_of(Client client, std::string path) {
  for (;;) {
    const auto [error, children] = co_await client.async_children(path, quietly);
    if (error && error != ErrorCode::no_node) fail(error);
    const std::vector<Place> all = places(children.names);
    First first;
    if (!all.empty()) {
      // Nobody comes before the first; so its end is all that matters.
      first.node = path + "/" + all.front().name;
      auto [failed, there, watch] = co_await client.async_exists_and_watch(first.node, quietly);
      if (failed) fail(failed);
      if (!there) continue;
      first.watch = std::move(watch);
      co_return first;
    }
    auto [failed, again, watch] = co_await client.async_children_and_watch(path, quietly);
    if (failed == ErrorCode::no_node) {
      auto [lost, there, creation] = co_await client.async_exists_and_watch(path, quietly);
      if (lost) fail(lost);
      if (there) continue;
      first.watch = std::move(creation);
      co_return first;
    }
    if (failed) fail(failed);
    if (!places(again.names).empty()) continue;
    first.watch = std::move(watch);
    co_return first;
  }
}

}  // namespace

Election::Election(Client client, std::string path, std::string id, ElectionForm form)
    : client_(std::move(client)), path_(std::move(path)), id_(std::move(id)), form_(form) {}

asio::awaitable<Leadership> Election::campaign() const {
  return win(client_, path_, form_ == ElectionForm::selector ? "lock-" : "latch-", id_);
}
asio::awaitable<std::optional<Leadership>> Election::campaign_within(std::chrono::milliseconds limit) const {
  return within(client_, limit, campaign());
}
asio::awaitable<std::vector<Participant>> Election::participants() const { return list(client_, path_); }

LeaderObserver::LeaderObserver(Client client, std::string path)
    : client_(std::move(client)), path_(std::move(path)) {}

asio::awaitable<std::optional<Participant>> LeaderObserver::next() {
  for (;;) {
    const First first = co_await first_of(client_, path_);
    if (last_ != first.node) {
      std::optional<Participant> leader;
      if (!first.node.empty()) {
        const auto [error, value] = co_await client_.async_get(first.node, quietly);
        if (error == ErrorCode::no_node) continue;
        if (error) fail(error);
        leader = Participant{value.data, value.stat.czxid};
      }
      last_ = first.node;
      co_return leader;
    }
    const auto [over, event] = co_await first.watch.async_wait(quietly);
    if (over) fail(over);
  }
}

}  // namespace muster::recipes
