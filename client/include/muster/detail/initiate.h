// How a completion token becomes the call of a compiled function. For the headers beside this folder only.
#pragma once

#include <muster/error.h>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace muster {

namespace asio = boost::asio;

namespace detail {

template <class... Values>
using Signature = void(error_code, Values...);

// What completes an operation, and where.
template <class... Values>
struct Handler {
  asio::any_completion_handler<Signature<Values...>> call;
  // Its associated executor; what is executed there is posted, and its context has work until then. Nothing if the
  // handler's executor is itself of an erased type that can't promise that.
  std::optional<asio::any_io_executor> executor;
};

template <class Handler>
std::optional<asio::any_io_executor> posting_executor(const Handler& handler,
                                                      const asio::any_io_executor& fallback) {
  using Executor = asio::associated_executor_t<Handler, asio::any_io_executor>;
  if constexpr (std::is_convertible_v<Executor, asio::any_io_executor>) {
    const asio::any_io_executor executor = asio::get_associated_executor(handler, fallback);
    return asio::prefer(asio::require(executor, asio::execution::blocking.never),
                        asio::execution::outstanding_work.tracked);
  } else {
    return std::nullopt;
  }
}

// Lets `start` (a function of `self`, which is kept alive until then) begin the operation when the token wants it:
// `deferred` waits for co_await, others begin at once.
template <class Self, class... Values, class... Parameters, class Token, class... Args>
auto initiate(const Self& self, void (Self::*start)(Handler<Values...>, Parameters...) const, Token&& token,
              Args&&... args) {
  return asio::async_initiate<Token, Signature<Values...>>(
      [self, start](auto handler, auto&&... arguments) {
        auto executor = posting_executor(handler, self.get_executor());
        (self.*start)(Handler<Values...>{std::move(handler), std::move(executor)},
                      std::forward<decltype(arguments)>(arguments)...);
      },
      token, std::forward<Args>(args)...);
}

}  // namespace detail
}  // namespace muster
