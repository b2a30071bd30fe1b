// Locks that processes share, with fencing tokens.
//
//   muster::recipes::Mutex mutex(client, "/locks/printer", "host-7");
//   muster::recipes::Lock lock = co_await mutex.lock();
//   muster::Transaction change;
//   change.set("/printer/state", "busy");
//   lock.guard(change);                                   // fails with no_node if the lock is ours no more
//   co_await client.async_multi(change);
//   co_await lock.unlock();                               // or let it go out of scope
//
// No lock service can stop a holder that was paused (by its scheduler, a debugger, a virtual machine) and does not know that
// its session has ended meanwhile. So:
// - Inside the ensemble: guard() each transaction. It is done only if the lock is still held then.
// - Outside: hand token() along with each request, and let the resource refuse what is lower than the highest it has seen.
// - A holder asks certain_for() before each step that must end in time, and stops when lost() completes.
//
// All kinds are fair: they are given in the order in which they were asked for (the zxids of the contenders' nodes), and a lock
// that is set free wakes one waiter, or the readers that stand together. None is re-entrant. Cancelling what waits (any
// type), destroying a Lock or losing the session gives the place up; the first two also across broken connections.
// Errors of all: those of the session's end (error.h); no_auth; no_node (someone has removed our node).
//
// Layouts are Curator's (InterProcessMutex, InterProcessReadWriteLock, InterProcessSemaphoreV2); client/README.md says
// what kazoo needs to compete for the same lock.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

namespace muster::recipes {

class Contender;

// What is held. Destroying it gives it up in the background.
class Lock {
 public:
  Lock() noexcept;                     // holds nothing
  explicit Lock(Contender contender);  // by the recipes
  Lock(Lock&&) noexcept;
  Lock& operator=(Lock&&) noexcept;
  ~Lock();

  // Our node. "" if it was given up.
  [[nodiscard]] const std::string& path() const;
  // The zxid at which our node was made. Of a Mutex, an Election and a writer it is greater than that of every holder
  // before. Readers and holders of a Semaphore hold together: their tokens name them, and are lower than those of every
  // writer after them; a resource refuses a reader below the highest *writer* that it has seen.
  [[nodiscard]] Zxid token() const;
  // The transaction is now done only while this is held; else it fails with no_node at the operation of this index.
  std::size_t guard(Transaction& transaction) const;
  // So long from now nobody else can hold it, by this machine's clock; 0: perhaps somebody does.
  [[nodiscard]] std::chrono::milliseconds certain_for() const;
  // Waits until it is lost, and gives the reason: session_expired (told by our own clock, before anybody else can have
  // it), closing or auth_failed (the session ended so), no_node (someone has removed our node, or it was given up).
  [[nodiscard]] asio::awaitable<error_code> lost() const;
  // Gives it up, and waits until others can have it.
  [[nodiscard]] asio::awaitable<void> unlock();

 private:
  std::unique_ptr<Contender> contender_;  // null: holds nothing
};

// One holder.
class Mutex {
 public:
  // `path`: a node of its own; it is made as a container when needed. `id` is what others see as the node's data.
  Mutex(Client client, std::string path, std::string id = "");

  [[nodiscard]] asio::awaitable<Lock> lock() const;
  // Nothing if it is held, or asked for, by another.
  [[nodiscard]] asio::awaitable<std::optional<Lock>> try_lock() const;
  // Nothing if it was not ours within that time.
  [[nodiscard]] asio::awaitable<std::optional<Lock>> lock_within(std::chrono::milliseconds limit) const;

 private:
  Client client_;
  std::string path_, id_;
};

// One writer, or any number of readers. A reader does not pass a writer that asked before it.
class ReadWriteLock {
 public:
  ReadWriteLock(Client client, std::string path, std::string id = "");

  [[nodiscard]] asio::awaitable<Lock> read() const;
  [[nodiscard]] asio::awaitable<Lock> write() const;
  [[nodiscard]] asio::awaitable<std::optional<Lock>> try_read() const;
  [[nodiscard]] asio::awaitable<std::optional<Lock>> try_write() const;
  [[nodiscard]] asio::awaitable<std::optional<Lock>> read_within(std::chrono::milliseconds limit) const;
  [[nodiscard]] asio::awaitable<std::optional<Lock>> write_within(std::chrono::milliseconds limit) const;

 private:
  Client client_;
  std::string path_, id_;
};

// At most `limit` holders; everybody must name the same limit. Throws std::invalid_argument if it is not positive.
class Semaphore {
 public:
  Semaphore(Client client, std::string path, std::size_t limit, std::string id = "");

  [[nodiscard]] asio::awaitable<Lock> acquire() const;
  // Nothing if all are held, or others are just asking.
  [[nodiscard]] asio::awaitable<std::optional<Lock>> try_acquire() const;
  [[nodiscard]] asio::awaitable<std::optional<Lock>> acquire_within(std::chrono::milliseconds limit) const;

 private:
  Client client_;
  std::string path_, id_;
  std::size_t limit_;
};

}  // namespace muster::recipes
