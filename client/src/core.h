// What all copies of a client share: the session, its sockets and timer, and the operations that wait. Everything happens
// on one strand of the user's executor, except the few functions that say "any thread"; those lay their wish into a queue,
// and the strand is woken once for all that lies there.
//
// It is kept alive by its timer's handler while the session lives. User code never runs inside it (posting.h).
#pragma once

#include <muster/client_config.h>

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "client/src/call_table.h"
#include "client/src/connect_string.h"
#include "client/src/event_queue.h"
#include "client/src/operation.h"
#include "client/src/platform.h"
#include "client/src/session.h"

namespace muster::client {

class Core : public Link::Listener, public std::enable_shared_from_this<Core> {
 public:
  // `servers` are those of the config.
  static std::shared_ptr<Core> start(asio::any_io_executor executor, const ClientConfig& config,
                                     ConnectString servers, std::shared_ptr<Platform> platform);
  Core(asio::any_io_executor executor, ClientConfig config, ConnectString servers,
       std::shared_ptr<Platform> platform);
  ~Core() override;
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Any thread

  void submit(OperationPtr operation);
  // The operation completes with operation_aborted, if it has not completed.
  void cancel(const std::weak_ptr<Operation>& operation);
  void drop_watch(WatchId id);
  void close();
  void update_servers(std::vector<Host> hosts);
  [[nodiscard]] std::shared_ptr<SessionQueue> session_events();

  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
  [[nodiscard]] const ClientConfig& config() const { return config_; }
  [[nodiscard]] const std::string& chroot() const { return chroot_; }
  // As it last was.
  struct Snapshot {
    SessionState state = SessionState::connecting;
    SessionId id;
    std::chrono::milliseconds timeout{0};
  };
  [[nodiscard]] Snapshot snapshot() const;
  [[nodiscard]] std::string make_guid();
  // For so long the servers can't have ended the session.
  [[nodiscard]] std::chrono::milliseconds session_time_left() const;

  // The context is going: all that it would have run is destroyed.
  void abandon();

  // On the strand, of operations that were answered

  // A queue for the events of the watch that request `id` has left.
  [[nodiscard]] std::shared_ptr<WatchQueue> make_watch(WatchId id, std::string path, bool one_shot);

 private:
  using Command = std::function<void(Core&)>;
  using Wish = std::variant<OperationPtr, Command>;
  // What lives on the context; gone before it is.
  struct Devices {
    explicit Devices(Core& core);
    asio::strand<asio::any_io_executor> strand;
    std::unique_ptr<Timer> timer;
    std::unique_ptr<Link> link;
  };

  [[nodiscard]] std::int64_t now_ms() const { return platform_->now_ms(); }
  void wish(Wish wish);
  void drain();
  void begin(OperationPtr operation);
  void begin_request(OperationPtr operation);
  void set_deadline(const OperationPtr& operation, std::chrono::milliseconds timeout);
  void give_up(Operation& operation, error_code error);
  void expire_operations(std::int64_t now);

  void on_connected() override;
  void on_bytes(std::string_view bytes) override;
  void on_lost() override;
  void on_probed(HostId host, bool read_write) override;

  void act();
  void act_on(Connect& action);
  void act_on(Disconnect& action);
  void act_on(Write& action);
  void act_on(Probe& action);
  void act_on(Complete& action);
  void act_on(StateChanged& action);
  void act_on(WatchFired& action);
  void finish(const OperationPtr& operation, wire::Reply reply);
  void finish_waiting(std::vector<OperationPtr>& operations, error_code error);
  void end_everything();
  void note_state(SessionState state);
  void set_timer();

  const asio::any_io_executor executor_;
  const ClientConfig config_;
  const std::string chroot_;
  const std::shared_ptr<Platform> platform_;
  std::atomic<std::int64_t> lives_until_ms_ = 0;  // the session, certainly; 0: perhaps not even now

  mutable std::mutex mutex_;  // guards what stands down to `devices_`
  std::vector<Wish> wishes_;
  bool woken_ = false;
  bool abandoned_ = false;
  Random random_;
  Snapshot snapshot_;
  std::vector<std::weak_ptr<SessionQueue>> session_queues_;
  std::unique_ptr<Devices> devices_;

  // The strand's
  std::vector<Host> hosts_;  // by HostId; those that are no longer in the list too
  Session session_;
  CallTable calls_;
  std::vector<OperationPtr> connecting_, closing_;  // wait for a server; for the end
  std::map<std::pair<std::int64_t, std::uint64_t>, OperationPtr>
      deadlines_;  // by time and order of the calls
  std::uint64_t deadlines_made_ = 0;
  std::unordered_map<WatchId, std::shared_ptr<WatchQueue>> watches_;
  std::int64_t timer_at_;  // when the timer fires, ms
};

}  // namespace muster::client
