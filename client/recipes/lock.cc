#include <muster/recipes/lock.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <utility>

#include "client/recipes/contender.h"
#include "client/recipes/within.h"
#include "common/mutant.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
// Curator's words.
constexpr const char* mutex_kind = "lock-";
constexpr const char* reader_kind = "__READ__";
constexpr const char* writer_kind = "__WRIT__";
constexpr const char* lease_kind = "lease-";

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }

asio::awaitable<Lock> take(Client client, std::string path, std::string kind, std::string id) {
  Contender mine =
      co_await Contender::enter(std::move(client), std::move(path), std::move(kind), std::move(id));
  co_await wait_turn(mine);
  co_return Lock(std::move(mine));
}

asio::awaitable<std::optional<Lock>> try_take(Client client, std::string path, std::string kind,
                                              std::string id) {
  Contender mine =
      co_await Contender::enter(std::move(client), std::move(path), std::move(kind), std::move(id));
  const bool first = co_await is_turn(mine);
  if (first) co_return Lock(std::move(mine));
  co_await mine.leave();
  co_return std::nullopt;
}

// Whoever has the mutex of the semaphore is the only one that makes a lease, and waits until there are few enough: so one
// that is given back wakes one waiter.
asio::awaitable<Lock> take_lease(Client client, std::string path, std::size_t limit, std::string id) {
  Lock turn = co_await take(client, path + "/locks", mutex_kind, id);
  const std::string leases = path + "/leases";
  Contender mine = co_await Contender::enter(client, leases, lease_kind, id);
  for (;;) {
    const auto [error, children, watch] = co_await client.async_children_and_watch(leases, quietly);
    if (error) fail(error);
    if (children.names.size() <= limit) break;
    const auto [over, event] = co_await watch.async_wait(quietly);
    if (over) fail(over);
  }
  co_return Lock(std::move(mine));
}

asio::awaitable<std::optional<Lock>> try_take_lease(Client client, std::string path, std::size_t limit,
                                                    std::string id) {
  const std::optional<Lock> turn = co_await try_take(client, path + "/locks", mutex_kind, id);
  if (!turn) co_return std::nullopt;
  const std::string leases = path + "/leases";
  Contender mine = co_await Contender::enter(client, leases, lease_kind, id);
  const auto [error, children] = co_await client.async_children(leases, quietly);
  if (error) fail(error);
  if (children.names.size() <= limit) co_return Lock(std::move(mine));
  co_await mine.leave();
  co_return std::nullopt;
}

asio::awaitable<error_code> lost_already() { co_return make_error_code(ErrorCode::no_node); }

// Of copies: the Lock may be gone before it runs.
asio::awaitable<error_code> watch_over(Client client, std::string path) {
  while (!path.empty()) {
    const auto [error, there, watch] = co_await client.async_exists_and_watch(path, quietly);
    if (error == asio::error::operation_aborted) fail(error);
    if (error) co_return error;
    if (!there) break;
    const auto [over, event] = co_await watch.async_wait(quietly);
    if (over == asio::error::operation_aborted) fail(over);
    if (over) co_return over;
  }
  co_return make_error_code(ErrorCode::no_node);
}

}  // namespace

Lock::Lock(Contender contender) : contender_(std::make_unique<Contender>(std::move(contender))) {}
Lock::Lock() noexcept = default;
Lock::Lock(Lock&&) noexcept = default;
Lock& Lock::operator=(Lock&&) noexcept = default;
Lock::~Lock() = default;

const std::string& Lock::path() const {
  static const std::string none;
  return contender_ ? contender_->path() : none;
}

Zxid Lock::token() const { return contender_ ? contender_->zxid() : Zxid{}; }

std::size_t Lock::guard(Transaction& transaction) const {
  // The name, with its number, is never given twice: that it is there says that it is ours. One that was given up
  // guards by a path that cannot be.
  return transaction.check(mutant(Mutant::holder_unguarded) ? "/" : path(), any_version);
}

std::chrono::milliseconds Lock::certain_for() const {
  return path().empty() ? std::chrono::milliseconds(0) : contender_->client().session_time_left();
}

asio::awaitable<error_code> Lock::lost() const {
  if (!contender_) return lost_already();
  return watch_over(contender_->client().with_timeout(std::chrono::milliseconds(0)), path());
}

asio::awaitable<void> Lock::unlock() {
  if (contender_) co_await contender_->leave();
}

Mutex::Mutex(Client client, std::string path, std::string id)
    : client_(std::move(client)), path_(std::move(path)), id_(std::move(id)) {}
asio::awaitable<Lock> Mutex::lock() const { return take(client_, path_, mutex_kind, id_); }
asio::awaitable<std::optional<Lock>> Mutex::try_lock() const {
  return try_take(client_, path_, mutex_kind, id_);
}
asio::awaitable<std::optional<Lock>> Mutex::lock_within(std::chrono::milliseconds limit) const {
  return within(client_, limit, lock());
}

ReadWriteLock::ReadWriteLock(Client client, std::string path, std::string id)
    : client_(std::move(client)), path_(std::move(path)), id_(std::move(id)) {}
asio::awaitable<Lock> ReadWriteLock::read() const { return take(client_, path_, reader_kind, id_); }
asio::awaitable<Lock> ReadWriteLock::write() const { return take(client_, path_, writer_kind, id_); }
asio::awaitable<std::optional<Lock>> ReadWriteLock::try_read() const {
  return try_take(client_, path_, reader_kind, id_);
}
asio::awaitable<std::optional<Lock>> ReadWriteLock::try_write() const {
  return try_take(client_, path_, writer_kind, id_);
}
asio::awaitable<std::optional<Lock>> ReadWriteLock::read_within(std::chrono::milliseconds limit) const {
  return within(client_, limit, read());
}
asio::awaitable<std::optional<Lock>> ReadWriteLock::write_within(std::chrono::milliseconds limit) const {
  return within(client_, limit, write());
}

Semaphore::Semaphore(Client client, std::string path, std::size_t limit, std::string id)
    : client_(std::move(client)), path_(std::move(path)), id_(std::move(id)), limit_(limit) {
  if (limit == 0) throw std::invalid_argument("a semaphore that admits nobody; give a limit of at least 1");
}
asio::awaitable<Lock> Semaphore::acquire() const { return take_lease(client_, path_, limit_, id_); }
asio::awaitable<std::optional<Lock>> Semaphore::try_acquire() const {
  return try_take_lease(client_, path_, limit_, id_);
}
asio::awaitable<std::optional<Lock>> Semaphore::acquire_within(std::chrono::milliseconds limit) const {
  return within(client_, limit, acquire());
}

}  // namespace muster::recipes
