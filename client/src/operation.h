// One call of the user, from the call to its completion.
#pragma once

#include <muster/error.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "client/src/posting.h"
#include "client/src/watch_registry.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::client {

class Core;

class Operation {
 public:
  enum class Kind { request, connected, pause, close };

  explicit Operation(Kind kind) : kind_(kind) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // Each operation ends by one of these, once, on the core's strand.
  virtual void answer(Core& core, wire::Reply reply) = 0;
  virtual void fail(const Core& core, error_code error) = 0;

  [[nodiscard]] Kind kind() const { return kind_; }

  wire::Request request;                 // of Kind::request
  std::chrono::milliseconds timeout{0};  // 0: none; of a pause: its length
  bool synced = false;                   // a sync goes before it

  // The core's: what the session knows it by, and when it is given up.
  RequestId id = 0, sync_id = 0;
  ErrorCode sync_error = ErrorCode::ok;
  std::int64_t deadline_ms = 0;
  std::uint64_t deadline_order = 0;
  bool done = false;

 private:
  const Kind kind_;
};
using OperationPtr = std::shared_ptr<Operation>;

struct Answered {
  Core& core;
  RequestId id;
  wire::Reply reply;
};

// `Decode` makes the values of an answer: error_code(Answered&, Values&…).
template <class Decode, class... Values>
class Call final : public Operation {
 public:
  Call(Kind kind, detail::Handler<Values...> handler, const asio::any_io_executor& ours, Decode decode)
      : Operation(kind), handler_(std::move(handler)), ours_(ours), decode_(std::move(decode)) {}

  [[nodiscard]] const detail::Handler<Values...>& handler() const { return handler_; }

  void answer(Core& core, wire::Reply reply) override {
    Answered answered{core, id, std::move(reply)};
    std::tuple<Values...> values;
    const error_code error =
        std::apply([&](Values&... value) { return decode_(answered, value...); }, values);
    std::apply([&](Values&... value) { post_to(std::move(handler_), ours_, error, std::move(value)...); },
               values);
  }
  void fail(const Core& /*core*/, error_code error) override {
    post_to(std::move(handler_), ours_, error, Values()...);
  }

 private:
  detail::Handler<Values...> handler_;
  const asio::any_io_executor& ours_;  // of the core, which outlives this
  Decode decode_;
};

}  // namespace muster::client
