#include <muster/blocking_client.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace muster {
namespace client {

// One thread that runs a client's work until the session is over.
class Runner {
 public:
  Runner() : thread_([this] { io_.run(); }) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner() {
    work_.reset();
    thread_.join();
  }
  asio::io_context& io() { return io_; }

 private:
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  std::thread thread_;  // last: uses the others
};

namespace {

// What a call waits for: set once, by the runner's thread.
template <class Result>
class Slot {
 public:
  void set(Result result) {
    const std::lock_guard lock(mutex_);
    result_ = std::move(result);
    filled_.notify_one();  // under the lock: the waiting call destroys this slot
  }
  Result wait() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return result_.has_value(); });
    return *std::move(result_);
  }
  // False: it was not set in time.
  bool wait_for(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    return filled_.wait_for(lock, limit, [this] { return result_.has_value(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::optional<Result> result_;
};

// Begins an operation and waits for what it gives.
template <class Result, class Begin>
Answer<Result> ask(Begin begin) {
  Slot<Answer<Result>> slot;
  if constexpr (std::is_void_v<Result>) {
    begin([&slot](error_code error) { slot.set(error ? Answer<void>(error) : Answer<void>()); });
  } else {
    begin([&slot](error_code error, Result result) {
      slot.set(error ? Answer<Result>(error) : Answer<Result>(std::move(result)));
    });
  }
  return slot.wait();
}

template <class Begin>
void begin_next(const Watch& watch, Begin begin) {
  watch.async_wait(std::move(begin));
}
template <class Source, class Begin>
void begin_next(const Source& stream, Begin begin) {
  stream.async_next(std::move(begin));
}

}  // namespace
}  // namespace client

using client::ask;

template <class Source>
Answer<typename Source::event_type> BlockingEvents<Source>::next(
    std::optional<std::chrono::milliseconds> limit) const {
  if (!runner_) return ErrorCode::bad_arguments;
  client::Slot<Answer<event_type>> slot;
  asio::cancellation_signal signal;
  // A signal is no thing of two threads: it is used by the runner's alone, and gone only after the handler.
  asio::post(runner_->io(), [&] {
    client::begin_next(
        source_, asio::bind_cancellation_slot(signal.slot(), [&slot](error_code error, event_type event) {
          slot.set(error ? Answer<event_type>(error) : Answer<event_type>(std::move(event)));
        }));
  });
  if (!limit || slot.wait_for(*limit)) return slot.wait();
  client::Slot<bool> stopped;
  asio::post(runner_->io(), [&] {
    signal.emit(asio::cancellation_type::all);
    stopped.set(true);
  });
  stopped.wait();
  Answer<event_type> answer = slot.wait();
  if (answer.has_error() && answer.error() == asio::error::operation_aborted)
    return ErrorCode::operation_timeout;
  return answer;
}
template class BlockingEvents<Watch>;
template class BlockingEvents<WatchStream>;
template class BlockingEvents<SessionEvents>;

BlockingClient::BlockingClient(const ClientConfig& config)
    : runner_(std::make_shared<client::Runner>()), client_(runner_->io().get_executor(), config) {}
BlockingClient::BlockingClient(std::shared_ptr<client::Runner> runner, Client client)
    : runner_(std::move(runner)), client_(std::move(client)) {}

BlockingClient BlockingClient::with_timeout(std::chrono::milliseconds timeout) const {
  return {runner_, client_.with_timeout(timeout)};
}
BlockingClient BlockingClient::linearizable() const { return {runner_, client_.linearizable()}; }

Answer<Created> BlockingClient::create(std::string_view path, std::string data, CreateOptions options) const {
  return ask<Created>(
      [&](auto done) { client_.async_create(path, std::move(data), std::move(options), done); });
}
Answer<Stat> BlockingClient::set(std::string_view path, std::string data, std::int32_t version) const {
  return ask<Stat>([&](auto done) { client_.async_set(path, std::move(data), version, done); });
}
Answer<void> BlockingClient::remove(std::string_view path, std::int32_t version) const {
  return ask<void>([&](auto done) { client_.async_remove(path, version, done); });
}
Answer<Stat> BlockingClient::set_acl(std::string_view path, std::vector<Acl> acl,
                                     std::int32_t version) const {
  return ask<Stat>([&](auto done) { client_.async_set_acl(path, std::move(acl), version, done); });
}
Answer<TransactionResult> BlockingClient::multi(Transaction transaction,
                                                std::optional<std::size_t>* failed_operation) const {
  client::Slot<std::pair<error_code, TransactionResult>> slot;
  client_.async_multi(std::move(transaction), [&slot](error_code error, TransactionResult result) {
    slot.set({error, std::move(result)});
  });
  auto [error, result] = slot.wait();
  if (failed_operation) *failed_operation = result.failed_operation();
  if (error) return error;
  return std::move(result);
}

Answer<Value> BlockingClient::get(std::string_view path) const {
  return ask<Value>([&](auto done) { client_.async_get(path, done); });
}
Answer<std::optional<Stat>> BlockingClient::exists(std::string_view path) const {
  return ask<std::optional<Stat>>([&](auto done) { client_.async_exists(path, done); });
}
Answer<Children> BlockingClient::children(std::string_view path) const {
  return ask<Children>([&](auto done) { client_.async_children(path, done); });
}
Answer<std::int32_t> BlockingClient::count_descendants(std::string_view path) const {
  return ask<std::int32_t>([&](auto done) { client_.async_count_descendants(path, done); });
}
Answer<NodeAcl> BlockingClient::get_acl(std::string_view path) const {
  return ask<NodeAcl>([&](auto done) { client_.async_get_acl(path, done); });
}
Answer<std::vector<std::string>> BlockingClient::ephemerals(std::string_view prefix) const {
  return ask<std::vector<std::string>>([&](auto done) { client_.async_ephemerals(prefix, done); });
}
Answer<ReadBatchResult> BlockingClient::multi_read(ReadBatch batch) const {
  return ask<ReadBatchResult>([&](auto done) { client_.async_multi_read(std::move(batch), done); });
}
Answer<void> BlockingClient::sync(std::string_view path) const {
  return ask<void>([&](auto done) { client_.async_sync(path, done); });
}

namespace client {
namespace {

// The same of a read that leaves a watch.
template <class T, class Wrap, class Begin>
Answer<Watched<T>> ask_and_watch(Wrap wrap, Begin begin) {
  Slot<Answer<Watched<T>>> slot;
  begin([&](error_code error, T value, Watch watch) {
    slot.set(error ? Answer<Watched<T>>(error)
                   : Answer<Watched<T>>(Watched<T>{std::move(value), wrap(std::move(watch))}));
  });
  return slot.wait();
}

}  // namespace
}  // namespace client

Answer<Watched<Value>> BlockingClient::get_and_watch(std::string_view path) const {
  const auto wrap = [this](Watch watch) { return BlockingWatch(runner_, std::move(watch)); };
  return client::ask_and_watch<Value>(wrap, [&](auto done) { client_.async_get_and_watch(path, done); });
}
Answer<Watched<std::optional<Stat>>> BlockingClient::exists_and_watch(std::string_view path) const {
  const auto wrap = [this](Watch watch) { return BlockingWatch(runner_, std::move(watch)); };
  return client::ask_and_watch<std::optional<Stat>>(
      wrap, [&](auto done) { client_.async_exists_and_watch(path, done); });
}
Answer<Watched<Children>> BlockingClient::children_and_watch(std::string_view path) const {
  const auto wrap = [this](Watch watch) { return BlockingWatch(runner_, std::move(watch)); };
  return client::ask_and_watch<Children>(wrap,
                                         [&](auto done) { client_.async_children_and_watch(path, done); });
}
Answer<BlockingWatchStream> BlockingClient::watch(std::string_view path, WatchMode mode) const {
  auto stream = ask<WatchStream>([&](auto done) { client_.async_watch(path, mode, done); });
  if (!stream) return stream.error();
  return BlockingWatchStream(runner_, *std::move(stream));
}

Answer<Value> BlockingClient::get_config() const {
  return ask<Value>([&](auto done) { client_.async_get_config(done); });
}
Answer<Value> BlockingClient::reconfig(Reconfiguration change) const {
  return ask<Value>([&](auto done) { client_.async_reconfig(std::move(change), done); });
}

Answer<void> BlockingClient::connected() const {
  return ask<void>([&](auto done) { client_.async_connected(done); });
}
Answer<void> BlockingClient::add_auth(std::string_view scheme, std::string_view auth) const {
  return ask<void>([&](auto done) { client_.async_add_auth(scheme, auth, done); });
}
Answer<std::vector<AuthId>> BlockingClient::who_am_i() const {
  return ask<std::vector<AuthId>>([&](auto done) { client_.async_who_am_i(done); });
}
Answer<void> BlockingClient::close() const {
  return ask<void>([&](auto done) { client_.async_close(done); });
}
void BlockingClient::close_soon() const { client_.close(); }

BlockingSessionEvents BlockingClient::session_events() const { return {runner_, client_.session_events()}; }
SessionState BlockingClient::state() const { return client_.state(); }
SessionId BlockingClient::session_id() const { return client_.session_id(); }
std::chrono::milliseconds BlockingClient::negotiated_timeout() const { return client_.negotiated_timeout(); }
void BlockingClient::update_servers(std::string_view servers) const { client_.update_servers(servers); }

}  // namespace muster
