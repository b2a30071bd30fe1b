#include "tests/simulation/recipe_guest.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "client/recipes/within.h"
#include "tests/simulation/recipe_follower.h"
#include "tests/simulation/sim.h"

namespace muster::simulation {
namespace {

using std::chrono::milliseconds;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

std::string barrier_path(int number) { return "/recipes/barriers/" + std::to_string(number); }
std::string round_path(int number) { return "/recipes/rounds/" + std::to_string(number); }

// So that within() has something to tell from the end of the time.
asio::awaitable<bool> entered(recipes::DoubleBarrier& barrier) {
  co_await barrier.enter();
  co_return true;
}

}  // namespace

RecipeGuest::RecipeGuest(const muster::Client& client, MeetingLedger& ledger, Random random, std::string id)
    : client_(client), ledger_(ledger), random_(random), id_(std::move(id)) {}

MeetingLedger::Certain RecipeGuest::certain() {
  // A process that was killed is certain of nothing.
  return [guest = weak_from_this()] {
    const auto alive = guest.lock();
    return alive && alive->client_.session_time_left() > milliseconds(0);
  };
}

asio::awaitable<void> RecipeGuest::work(std::function<bool()> silent, std::int64_t think_ms) {
  const auto self = shared_from_this();
  co_await join();
  while (!silent() && !is_over(client_.state())) {
    co_await step();
    const auto [over] = co_await client_.async_wait_for(some_ms(0, think_ms), quietly);
    if (over) co_return;
  }
}

asio::awaitable<void> RecipeGuest::join() {
  const recipes::Group group(client_, group_root);
  while (!is_over(client_.state())) {
    error_code error;
    try {
      membership_ = co_await group.join(id_, "data of " + id_);
      ledger_.joined(id_, certain());
      co_return;
    } catch (const boost::system::system_error& failure) {
      error = failure.code();
    }
    if (is_over(client_.state())) co_return;
    if (!refuses_writes(error)) broken("recipe-error", fmt::format("{} joins: {}", id_, error.message()));
    const auto [over] = co_await client_.async_wait_for(some_ms(0, 1000), quietly);
    if (over) co_return;
  }
}

asio::awaitable<void> RecipeGuest::step() {
  error_code error;
  try {
    if (raised_ != 0) {
      co_await raise_or_lower();
    } else {
      switch (random_.below(3)) {
        case 0:
          co_await raise_or_lower();
          break;
        case 1:
          co_await wait_at_barrier();
          break;
        default:
          co_await meet();
      }
    }
  } catch (const boost::system::system_error& failure) {
    error = failure.code();
  }
  if (!error || refuses_writes(error) || is_over(client_.state())) co_return;
  broken("recipe-error", fmt::format("guest {}: {}", id_, error.message()));
}

asio::awaitable<void> RecipeGuest::raise_or_lower() {
  if (raised_ == 0) {
    const int number = ledger_.new_barrier();
    co_await recipes::Barrier(client_, barrier_path(number)).raise();
    raised_ = number;
    ledger_.raised(number);
    co_return;
  }
  const int number = raised_;
  if (ledger_.barrier().number == number) ledger_.barrier().lowering = true;
  co_await recipes::Barrier(client_, barrier_path(number)).lower();
  raised_ = 0;
  if (ledger_.barrier().number == number) ledger_.barrier().lowered = true;
}

asio::awaitable<void> RecipeGuest::wait_at_barrier() {
  const MeetingLedger::Raised stands = ledger_.barrier();
  if (stands.number == 0) co_return;
  // What others know of a barrier they know by other ways than this session's server, which may be behind.
  if (std::get<0>(co_await client_.async_sync("/", quietly))) co_return;
  const recipes::Barrier barrier(client_, barrier_path(stands.number));
  if (stands.lowered) {
    co_await barrier.wait();  // it ends: nobody raises that one again
    co_return;
  }
  if (co_await barrier.wait_within(some_ms(1, 10'000))) ledger_.passed(stands.number);
}

asio::awaitable<void> RecipeGuest::meet() {
  const MeetingLedger::Place place = ledger_.take_place(certain());
  recipes::DoubleBarrier barrier(client_, round_path(place.round), MeetingLedger::round_size);
  const std::optional<bool> in =
      co_await recipes::within<bool>(client_, some_ms(100, 10'000), entered(barrier));
  if (!in) co_return;
  ledger_.entered(place);
  const auto [over] = co_await client_.async_wait_for(some_ms(0, 500), quietly);
  ledger_.begins_to_leave(place);
  if (over) throw boost::system::system_error(over);
  co_await barrier.leave();
  ledger_.left(place);
}

asio::awaitable<void> RecipeGuest::watch_group() {
  const auto self = shared_from_this();
  const recipes::Group group(client_, group_root);
  members_ = co_await group.members();
  for (;;) members_ = co_await group.changed(members_);
}

bool RecipeGuest::shows(const tree::Tree& tree) const {
  if (is_over(client_.state())) return true;
  const std::vector<std::string> there = tree.children(group_root);
  return there.size() == members_.size() &&
         std::all_of(there.begin(), there.end(), [this](const std::string& id) {
           const auto member = members_.find(id);
           return member != members_.end() && member->second == "data of " + id;
         });
}

}  // namespace muster::simulation
