// How a handler of the user is called: posted, never from within the library's own frames or locks.
#pragma once

#include <muster/detail/initiate.h>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <tuple>
#include <utility>

namespace muster::client {

// It is destroyed without being called when its context ends first, as all of Asio's handlers are. `ours` is an
// executor to post on where the handler's own is of an erased type, which may not post.
template <class... Values>
void post_to(detail::Handler<Values...> handler, const asio::any_io_executor& ours, error_code error,
             Values... values) {
  const auto unknown =
      handler.executor ? asio::any_completion_executor()
                       : asio::associated_executor<asio::any_completion_handler<detail::Signature<Values...>>,
                                                   asio::any_io_executor>::get(handler.call, ours);
  auto run = [call = std::move(handler.call), error, all = std::tuple(std::move(values)...)]() mutable {
    if (auto slot = asio::get_associated_cancellation_slot(call); slot.is_connected()) slot.clear();
    std::apply([&](auto&... value) { std::move(call)(error, std::move(value)...); }, all);
  };
  if (handler.executor) return handler.executor->execute(std::move(run));
  asio::post(ours, [unknown, run = std::move(run)]() mutable { unknown.execute(std::move(run)); });
}

// Calls `cancel` when the handler's owner wants no more of the operation. To be called while it is begun.
template <class... Values, class Cancel>
void on_cancellation(const detail::Handler<Values...>& handler, Cancel cancel) {
  auto slot = asio::get_associated_cancellation_slot(handler.call);
  if (!slot.is_connected()) return;
  slot.assign([cancel = std::move(cancel)](asio::cancellation_type type) {
    if (type != asio::cancellation_type::none) cancel();
  });
}

}  // namespace muster::client
