// A coroutine with a time limit, on the client's clock.
#pragma once

#include <muster/client.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace muster::recipes {

template <class T>
struct Ended {
  std::exception_ptr failure;
  std::optional<T> value;
};

// What has failed has ended, too: nobody waits for the time to pass after that.
template <class T>
asio::awaitable<Ended<T>> end_of(asio::awaitable<T> story) {
  Ended<T> end;
  try {
    end.value.emplace(co_await std::move(story));
  } catch (...) {
    end.failure = std::current_exception();
  }
  co_return end;
}

// Nothing: the time was over first, and the story was cancelled.
template <class T>
asio::awaitable<std::optional<T>> within(Client client, std::chrono::milliseconds limit,
                                         asio::awaitable<T> story) {
  using asio::experimental::awaitable_operators::operator||;
  auto first = co_await (end_of(std::move(story)) ||
                         client.async_wait_for(limit, asio::as_tuple(asio::use_awaitable)));
  if (first.index() == 1) {
    const auto [over] = std::get<1>(first);
    if (over) throw boost::system::system_error(over);
    co_return std::nullopt;
  }
  Ended<T>& end = std::get<0>(first);
  if (end.failure) std::rethrow_exception(end.failure);
  co_return std::move(end.value);
}

}  // namespace muster::recipes
