// The same client for programs without Asio: each call waits for its answer.
//
//   muster::BlockingClient client({.servers = "10.0.0.1,10.0.0.2,10.0.0.3"});
//   if (const auto connected = client.connected(); !connected) return complain(connected.error().message());
//   auto [value, watch] = client.get_and_watch("/config").value();    // value(): throws what went wrong
//   if (client.set("/config", "colour=green").error() == muster::ErrorCode::no_node) …
//   const auto event = watch.next(std::chrono::seconds(5));
//
// What each operation does, takes and gives, and its errors: client.h. Calls may be made from any thread; several threads'
// calls go out together. A call waits as long as it takes: until a server has answered or the session is over.
// with_timeout() bounds that.
#pragma once

#include <muster/client.h>

namespace muster {

namespace client {
class Runner;  // the thread behind it
}

// The events of a Source (Watch, WatchStream, SessionEvents), waited for.
template <class Source>
class BlockingEvents {
 public:
  using event_type = typename Source::event_type;

  BlockingEvents() noexcept = default;
  // The next event, or that of a Watch. With a limit, operation_timeout when it has passed; the event is not lost. Other
  // errors: those of the Source.
  [[nodiscard]] Answer<event_type> next(std::optional<std::chrono::milliseconds> limit = {}) const;
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(source_); }

 private:
  friend class BlockingClient;
  BlockingEvents(std::shared_ptr<client::Runner> runner, Source source)
      : runner_(std::move(runner)), source_(std::move(source)) {}
  std::shared_ptr<client::Runner> runner_;
  Source source_;
};
using BlockingWatch = BlockingEvents<Watch>;
using BlockingWatchStream = BlockingEvents<WatchStream>;
using BlockingSessionEvents = BlockingEvents<SessionEvents>;

template <class T>
struct Watched {
  T value;
  BlockingWatch watch;
};

// Cheap to copy; all copies share the session and one thread. The last copy's end is a close(), and waits for it.
class BlockingClient {
 public:
  // Begins to connect, and does not wait for it. Throws std::invalid_argument.
  explicit BlockingClient(const ClientConfig& config = {});

  [[nodiscard]] BlockingClient with_timeout(std::chrono::milliseconds timeout) const;
  [[nodiscard]] BlockingClient linearizable() const;

  Answer<Created> create(std::string_view path, std::string data, CreateOptions options = {}) const;
  Answer<Stat> set(std::string_view path, std::string data, std::int32_t version = any_version) const;
  Answer<void> remove(std::string_view path, std::int32_t version = any_version) const;
  Answer<Stat> set_acl(std::string_view path, std::vector<Acl> acl, std::int32_t version = any_version) const;
  // Without an error all was done. With one, `failed_operation` (if given) tells which operation failed.
  Answer<TransactionResult> multi(Transaction transaction,
                                  std::optional<std::size_t>* failed_operation = nullptr) const;

  [[nodiscard]] Answer<Value> get(std::string_view path) const;
  [[nodiscard]] Answer<std::optional<Stat>> exists(std::string_view path) const;
  [[nodiscard]] Answer<Children> children(std::string_view path) const;
  [[nodiscard]] Answer<std::int32_t> count_descendants(std::string_view path) const;
  [[nodiscard]] Answer<NodeAcl> get_acl(std::string_view path) const;
  [[nodiscard]] Answer<std::vector<std::string>> ephemerals(std::string_view prefix = "/") const;
  [[nodiscard]] Answer<ReadBatchResult> multi_read(ReadBatch batch) const;
  Answer<void> sync(std::string_view path = "/") const;

  [[nodiscard]] Answer<Watched<Value>> get_and_watch(std::string_view path) const;
  [[nodiscard]] Answer<Watched<std::optional<Stat>>> exists_and_watch(std::string_view path) const;
  [[nodiscard]] Answer<Watched<Children>> children_and_watch(std::string_view path) const;
  [[nodiscard]] Answer<BlockingWatchStream> watch(std::string_view path, WatchMode mode) const;

  [[nodiscard]] Answer<Value> get_config() const;
  Answer<Value> reconfig(Reconfiguration change) const;

  [[nodiscard]] Answer<void> connected() const;
  [[nodiscard]] Answer<void> add_auth(std::string_view scheme, std::string_view auth) const;
  [[nodiscard]] Answer<std::vector<AuthId>> who_am_i() const;
  // Ends the session, and waits for it.
  Answer<void> close() const;
  // Ends the session, and does not wait: also what other threads wait for ends.
  void close_soon() const;

  [[nodiscard]] BlockingSessionEvents session_events() const;
  [[nodiscard]] SessionState state() const;
  [[nodiscard]] SessionId session_id() const;
  [[nodiscard]] std::chrono::milliseconds negotiated_timeout() const;
  void update_servers(std::string_view servers) const;

 private:
  BlockingClient(std::shared_ptr<client::Runner> runner, Client client);
  std::shared_ptr<client::Runner> runner_;  // first: outlives the client
  Client client_;
};

}  // namespace muster
