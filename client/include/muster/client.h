// A client of Muster or of Apache ZooKeeper, for Asio.
//
//   boost::asio::awaitable<void> run(muster::Client client) {
//     co_await client.async_create("/config", "colour=blue");
//     auto [value, watch] = co_await client.async_get_and_watch("/config");
//     co_await client.async_set("/config", "colour=green", value.stat.version);
//     co_await watch.async_wait();  // "/config" changed
//   }
//
//   boost::asio::io_context io;
//   boost::asio::co_spawn(io, run(muster::Client(io.get_executor(), {.servers = "10.0.0.1,10.0.0.2,10.0.0.3"})), rethrow);
//   io.run();  // returns when the session is over
//
// The rules of all operations:
// - Each takes a completion token last: a callback `void(error_code, …)`, deferred (the default: co_await it),
//   use_awaitable, use_future, as_tuple(…). What it gives stands in the comment as its signature.
// - Operations take effect in the order of the calls. They wait while no server is connected; a connection that breaks is
//   replaced without the caller's help, and what was not answered is asked again. A write that was in flight is sent again
//   where the servers remember what they have done (Muster's do), so that it is done once; else it fails with
//   connection_loss. is_outcome_unknown() tells whether a write that failed may have been done (error.h).
// - Completions are posted, in the order in which the servers answered, to the handler's associated executor; if it has
//   none, to the client's. (On a context with several threads, a handler whose executor is of an erased type may be called
//   out of this order.) Calling anything from any thread is legal, also closing or destroying the client in a callback.
// - Cancellation (any type, by the handler's cancellation slot): the operation completes with operation_aborted. If its
//   request had not been sent, it is withdrawn; if it had, it is left to its fate, and a write may or may not be done.
// - Paths are absolute ("/a/b") and below the chroot; a malformed one is bad_arguments. Data are bytes, at most about
//   1 MiB with their path.
// - Errors of all: those of error.h, and no_auth. Each operation names its own.
//
// One client is one session: when it is over (see event.h), make another. Rules of the operations: ZooKeeper
// programmer's guide.
#pragma once

#include <muster/acl.h>
#include <muster/answer.h>
#include <muster/client_config.h>
#include <muster/detail/initiate.h>
#include <muster/error.h>
#include <muster/operations.h>
#include <muster/session.h>
#include <muster/transaction.h>
#include <muster/watch.h>

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

namespace client {
class Handle;
struct Caller;
struct Testing;
}  // namespace client

// Cheap to copy; all copies share the session. It ends when close() is called or the last copy is destroyed (operations
// that wait are none). It may be destroyed after its executor's context, but not used.
class Client {
 public:
  using executor_type = asio::any_io_executor;

  // Begins to connect. Throws std::invalid_argument with the sentence of why_invalid(config).
  explicit Client(asio::any_io_executor executor, const ClientConfig& config = {});

  [[nodiscard]] executor_type get_executor() const;

  // The same session; an operation of the copy fails with operation_timeout after that time (0: never).
  [[nodiscard]] Client with_timeout(std::chrono::milliseconds timeout) const;
  // The same session; before each read of the copy goes a sync, in one piece: the read shows at least what was committed
  // when it was called. (Muster confirms that by a quorum, ZooKeeper by its leader alone.) A read-only server answers
  // not_read_only.
  [[nodiscard]] Client linearizable() const;

  // Changing the tree

  // void(error_code, Created). Errors: node_exists; no_node (the parent); no_children_for_ephemerals; invalid_acl;
  // unimplemented (a time to live where the servers do not allow it); quota_exceeded; not_read_only.
  template <class Token = asio::deferred_t>
  auto async_create(std::string_view path, std::string data, CreateOptions options = {},
                    Token&& token = {}) const {
    return detail::initiate(*this, &Client::create, std::forward<Token>(token), std::string(path),
                            std::move(data), std::move(options));
  }
  // void(error_code, Stat): as it is then. Errors: no_node; bad_version; quota_exceeded; not_read_only.
  template <class Token = asio::deferred_t>
  auto async_set(std::string_view path, std::string data, std::int32_t version = any_version,
                 Token&& token = {}) const {
    return detail::initiate(*this, &Client::set, std::forward<Token>(token), std::string(path),
                            std::move(data), version);
  }
  // void(error_code). Errors: no_node; bad_version; not_empty; not_read_only.
  template <class Token = asio::deferred_t>
  auto async_remove(std::string_view path, std::int32_t version = any_version, Token&& token = {}) const {
    return detail::initiate(*this, &Client::remove, std::forward<Token>(token), std::string(path), version);
  }
  // void(error_code, Stat). `version` is compared with the Stat's aversion. Errors: no_node; bad_version; invalid_acl;
  // not_read_only.
  template <class Token = asio::deferred_t>
  auto async_set_acl(std::string_view path, std::vector<Acl> acl, std::int32_t version = any_version,
                     Token&& token = {}) const {
    return detail::initiate(*this, &Client::set_acl, std::forward<Token>(token), std::string(path),
                            std::move(acl), version);
  }
  // void(error_code, TransactionResult). The error is that of the operation that failed; the result names it. A
  // transaction without operations is done at once.
  template <class Token = asio::deferred_t>
  auto async_multi(Transaction transaction, Token&& token = {}) const {
    return detail::initiate(*this, &Client::multi, std::forward<Token>(token), std::move(transaction));
  }

  // Reading the tree

  // void(error_code, Value). Errors: no_node.
  template <class Token = asio::deferred_t>
  auto async_get(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::get, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, std::optional<Stat>): nothing if there is no such node.
  template <class Token = asio::deferred_t>
  auto async_exists(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::exists, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, Children). Errors: no_node.
  template <class Token = asio::deferred_t>
  auto async_children(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::children, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, std::int32_t): how many nodes are below it. Errors: no_node.
  template <class Token = asio::deferred_t>
  auto async_count_descendants(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::count_descendants, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, NodeAcl). Without the right to administer, hashes of passwords are shown as "x". Errors: no_node.
  template <class Token = asio::deferred_t>
  auto async_get_acl(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::get_acl, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, std::vector<std::string>): this session's ephemeral nodes whose paths begin with `prefix` ("/": all).
  template <class Token = asio::deferred_t>
  auto async_ephemerals(std::string_view prefix = "/", Token&& token = {}) const {
    return detail::initiate(*this, &Client::ephemerals, std::forward<Token>(token), std::string(prefix));
  }
  // void(error_code, ReadBatchResult): of one moment, each read with its own error.
  template <class Token = asio::deferred_t>
  auto async_multi_read(ReadBatch batch, Token&& token = {}) const {
    return detail::initiate(*this, &Client::multi_read, std::forward<Token>(token), std::move(batch));
  }
  // void(error_code). What is read afterwards shows at least what was committed when it was called. Errors:
  // not_read_only.
  template <class Token = asio::deferred_t>
  auto async_sync(std::string_view path = "/", Token&& token = {}) const {
    return detail::initiate(*this, &Client::sync, std::forward<Token>(token), std::string(path));
  }

  // Watching (see watch.h). A read that fails leaves no watch.

  // void(error_code, Value, Watch). Errors: no_node.
  template <class Token = asio::deferred_t>
  auto async_get_and_watch(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::get_and_watch, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, std::optional<Stat>, Watch). Also a node that does not exist is watched.
  template <class Token = asio::deferred_t>
  auto async_exists_and_watch(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::exists_and_watch, std::forward<Token>(token), std::string(path));
  }
  // void(error_code, Children, Watch). Errors: no_node.
  template <class Token = asio::deferred_t>
  auto async_children_and_watch(std::string_view path, Token&& token = {}) const {
    return detail::initiate(*this, &Client::children_and_watch, std::forward<Token>(token),
                            std::string(path));
  }
  // void(error_code, WatchStream): of what changes from then on. The node need not exist. (A ZooKeeper older than 3.9
  // knows one kind of watch for each path and session: there, don't mix.)
  template <class Token = asio::deferred_t>
  auto async_watch(std::string_view path, WatchMode mode, Token&& token = {}) const {
    return detail::initiate(*this, &Client::watch, std::forward<Token>(token), std::string(path), mode);
  }

  // The ensemble

  // void(error_code, Value): the ensemble's configuration, the node /zookeeper/config whatever the chroot.
  template <class Token = asio::deferred_t>
  auto async_get_config(Token&& token = {}) const {
    return detail::initiate(*this, &Client::get_config, std::forward<Token>(token));
  }
  // void(error_code, Value): the configuration that is now in force. Errors: bad_version; reconfig_disabled;
  // reconfig_in_progress; new_config_no_quorum; unimplemented.
  template <class Token = asio::deferred_t>
  auto async_reconfig(Reconfiguration change, Token&& token = {}) const {
    return detail::initiate(*this, &Client::reconfig, std::forward<Token>(token), std::move(change));
  }

  // The session

  // void(error_code): when a server is connected (a read-only one too, if the config allows it), at once if one is.
  // Errors: operation_timeout (ClientConfig::connect_timeout passed; the client goes on trying).
  template <class Token = asio::deferred_t>
  auto async_connected(Token&& token = {}) const {
    return detail::initiate(*this, &Client::connected, std::forward<Token>(token));
  }
  // void(error_code). Another identity from now on, also on later connections (see Credential). Errors: auth_failed,
  // which also ends the session.
  template <class Token = asio::deferred_t>
  auto async_add_auth(std::string_view scheme, std::string_view auth, Token&& token = {}) const {
    return detail::initiate(*this, &Client::add_auth, std::forward<Token>(token),
                            Credential{std::string(scheme), std::string(auth)});
  }
  // void(error_code, std::vector<AuthId>): who the servers hold us for: {scheme, user}; the address first.
  template <class Token = asio::deferred_t>
  auto async_who_am_i(Token&& token = {}) const {
    return detail::initiate(*this, &Client::who_am_i, std::forward<Token>(token));
  }
  // As close(), and completes when the session is over: void(error_code), no error if the servers confirmed its end or it
  // had ended before; connection_loss if they did not within two seconds, so that they end it by its time-out.
  template <class Token = asio::deferred_t>
  auto async_close(Token&& token = {}) const {
    return detail::initiate(*this, &Client::graceful_close, std::forward<Token>(token));
  }
  // Ends the session and its ephemeral nodes; does not wait. What is in flight is still answered; what waits fails with
  // `closing`, and so does everything later.
  void close() const;

  // The states it goes through, the present one first.
  [[nodiscard]] SessionEvents session_events() const;
  [[nodiscard]] SessionState state() const;
  // 0 before the first connection.
  [[nodiscard]] SessionId session_id() const;
  // As the servers granted it; before the first connection, as asked for.
  [[nodiscard]] std::chrono::milliseconds negotiated_timeout() const;

  // For so long from now, on this machine's monotonic clock, the servers can't have ended the session; 0: they may have. It
  // is counted from what the servers have confirmed, at most negotiated_timeout(), and may be asked after a pause of the
  // whole process, too. (With ZooKeeper it may be too long by the time that a server takes to notice that it has lost its
  // leader.)
  [[nodiscard]] std::chrono::milliseconds session_time_left() const;

  // Waits that long on the client's clock: void(error_code). Errors: the session ended first.
  template <class Token = asio::deferred_t>
  auto async_wait_for(std::chrono::milliseconds time, Token&& token = {}) const {
    return detail::initiate(*this, &Client::wait_for, std::forward<Token>(token), time);
  }
  // A new one at each call, of the form 0af31d14-…-…-…-…: a name that nobody else has.
  [[nodiscard]] std::string make_guid() const;

  // The ensemble's servers are now these (the form of ClientConfig::servers, the same chroot). Some clients move, each by
  // chance, so that the load evens out, and a client whose server is gone from the list moves. Throws
  // std::invalid_argument. Rule: ZooKeeper programmer's guide, "Dynamic reconfiguration: rebalancing client connections".
  void update_servers(std::string_view servers) const;

 private:
  template <class... Values>
  using Handler = detail::Handler<Values...>;

  [[nodiscard]] client::Caller caller() const;
  void create(Handler<Created> handler, std::string path, std::string data, CreateOptions options) const;
  void set(Handler<Stat> handler, std::string path, std::string data, std::int32_t version) const;
  void remove(Handler<> handler, std::string path, std::int32_t version) const;
  void set_acl(Handler<Stat> handler, std::string path, std::vector<Acl> acl, std::int32_t version) const;
  void multi(Handler<TransactionResult> handler, Transaction transaction) const;
  void get(Handler<Value> handler, std::string path) const;
  void exists(Handler<std::optional<Stat>> handler, std::string path) const;
  void children(Handler<Children> handler, std::string path) const;
  void count_descendants(Handler<std::int32_t> handler, std::string path) const;
  void get_acl(Handler<NodeAcl> handler, std::string path) const;
  void ephemerals(Handler<std::vector<std::string>> handler, std::string prefix) const;
  void multi_read(Handler<ReadBatchResult> handler, ReadBatch batch) const;
  void sync(Handler<> handler, std::string path) const;
  void get_and_watch(Handler<Value, Watch> handler, std::string path) const;
  void exists_and_watch(Handler<std::optional<Stat>, Watch> handler, std::string path) const;
  void children_and_watch(Handler<Children, Watch> handler, std::string path) const;
  void watch(Handler<WatchStream> handler, std::string path, WatchMode mode) const;
  void get_config(Handler<Value> handler) const;
  void reconfig(Handler<Value> handler, Reconfiguration change) const;
  void connected(Handler<> handler) const;
  void add_auth(Handler<> handler, Credential credential) const;
  void who_am_i(Handler<std::vector<AuthId>> handler) const;
  void graceful_close(Handler<> handler) const;
  void wait_for(Handler<> handler, std::chrono::milliseconds time) const;

  friend struct client::Testing;
  explicit Client(std::shared_ptr<client::Handle> handle);

  std::shared_ptr<client::Handle> handle_;
  std::chrono::milliseconds timeout_{0};
  bool linearizable_ = false;
};

}  // namespace muster
