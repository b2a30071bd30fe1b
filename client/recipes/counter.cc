#include <muster/recipes/counter.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <utility>

#include "client/recipes/nodes.h"
#include "client/recipes/once.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(ErrorCode code) { throw boost::system::system_error(make_error_code(code)); }

std::int64_t number_of(const std::string& data) {
  std::int64_t number = 0;
  if (data.empty()) return number;
  const auto [end, error] = std::from_chars(data.data(), data.data() + data.size(), number);
  if (error != std::errc() || end != data.data() + data.size()) fail(ErrorCode::marshalling_error);
  return number;
}

asio::awaitable<std::int64_t> read_number(Client client, std::string path) {
  const auto [error, value] = co_await client.linearizable().async_get(path, quietly);
  if (error == ErrorCode::no_node) co_return 0;
  if (error) throw boost::system::system_error(error);
  co_return number_of(value.data);
}

asio::awaitable<std::int64_t> add_to(std::shared_ptr<Once> once, Client client, std::string path,
                                     std::int64_t delta) {
  for (;;) {
    const auto [error, value] = co_await client.async_get(path, quietly);
    if (error == ErrorCode::no_node) {
      co_await make_node(client, path);
      continue;
    }
    if (error) throw boost::system::system_error(error);
    std::int64_t sum = 0;
    if (__builtin_add_overflow(number_of(value.data), delta, &sum)) fail(ErrorCode::bad_arguments);
    Transaction change;
    change.set(path, std::to_string(sum), value.stat.version);
    error_code failed;
    try {
      co_await once->commit(std::move(change));
    } catch (const boost::system::system_error& failure) {
      failed = failure.code();
    }
    if (!failed) co_return sum;
    // Another one was faster. What was read may also have been older than a change of our own.
    if (failed != ErrorCode::bad_version) throw boost::system::system_error(failed);
  }
}

}  // namespace

Counter::Counter(Client client, std::string path)
    : client_(std::move(client)), path_(std::move(path)), once_(std::make_shared<Once>(client_, path_)) {}
Counter::Counter(Counter&&) noexcept = default;
Counter& Counter::operator=(Counter&&) noexcept = default;
Counter::~Counter() = default;

// Coroutines of copies: this may be gone before they run.
asio::awaitable<std::int64_t> Counter::get() const { return read_number(client_, path_); }
asio::awaitable<std::int64_t> Counter::add(std::int64_t delta) {
  return add_to(once_, client_, path_, delta);
}

}  // namespace muster::recipes
