#include "client/recipes/once.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/recipes/background.h"
#include "client/recipes/nodes.h"
#include "common/mutant.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

}  // namespace

Once::Once(Client client, std::string directory)
    : client_(std::move(client)), directory_(std::move(directory)) {}

Once::~Once() {
  for (const Mark& mark : idle_) remove_in_background(client_, mark.path);
}

asio::awaitable<Once::Mark> Once::take_mark() {
  if (!idle_.empty()) {
    Mark mark = std::move(idle_.back());
    idle_.pop_back();
    co_return mark;
  }
  Mark mark{directory_ + "/_once_" + client_.make_guid(), 0};
  Unfinished unfinished = unfinished_node(client_, mark.path);
  for (;;) {
    const auto [error, created] =
        co_await client_.async_create(mark.path, "", CreateMode::ephemeral, quietly);
    if (may_ask_again(error)) continue;
    if (error && error != ErrorCode::node_exists) throw boost::system::system_error(error);
    unfinished.finish();
    co_return mark;
  }
}

asio::awaitable<std::optional<TransactionResult>> Once::commit(Transaction changes) {
  Mark mark = co_await take_mark();
  Unfinished in_doubt = unfinished_node(client_, mark.path);
  changes.set(mark.path, "", mark.version);
  std::optional<TransactionResult> done;
  for (;;) {
    const auto [error, result] = co_await client_.async_multi(changes, quietly);
    if (!error) {
      done = result;
      break;
    }
    if (!may_ask_again(error)) throw boost::system::system_error(error);
    // What the session wrote on older connections is decided: a server that it left can add nothing to it.
    const auto [lost, stat] = co_await client_.linearizable().async_exists(mark.path, quietly);
    if (lost) throw boost::system::system_error(lost);
    if (!stat) throw boost::system::system_error(make_error_code(ErrorCode::no_node));
    if (stat->version > mark.version && !mutant(Mutant::doubtful_write_again)) break;
  }
  ++mark.version;
  in_doubt.finish();
  idle_.push_back(std::move(mark));
  co_return done;
}

}  // namespace muster::recipes
