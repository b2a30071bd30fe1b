// A server and processes with a client each, in one memory and in simulated time: the whole server logic, the whole client,
// and between them what the test wants. Nothing sleeps; what is to be waited for is waited for in the world's time.
#pragma once

#include <muster/client.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/src/platform.h"
#include "server/node/node.h"

namespace muster::test {

class World;

// A process: it can be frozen, killed and cut off.
class Process {
 public:
  Process(World& world, const ClientConfig& config);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  [[nodiscard]] const Client& client() const { return *client_; }
  void freeze() { frozen_ = true; }  // its connection stays, and nobody reads it
  void thaw() { frozen_ = false; }
  void cut();  // its connection is lost, and there is no new one
  void mend();
  void lose_answers();   // what the server says to it is lost, until it has another connection
  void lose_requests();  // and what it says

 private:
  friend class World;
  friend class PlayedLink;
  friend class PlayedTimer;
  friend class PlayedMachine;

  World& world_;
  bool frozen_ = false, cut_ = false, deaf_ = false, mute_ = false;
  std::vector<class PlayedTimer*> timers_;
  class PlayedLink* link_ = nullptr;
  asio::io_context io_;  // what it still holds when it goes leaves the two above
  std::optional<Client> client_;
};

// What became of a coroutine.
template <class T>
struct Outcome {
  bool done = false;
  std::exception_ptr failure;
  std::optional<T> value;

  // What can't be copied is handed out once.
  [[nodiscard]] T get() {
    if (failure) std::rethrow_exception(failure);
    if constexpr (std::is_copy_constructible_v<T>)
      return *value;
    else
      return std::move(*value);
  }
  [[nodiscard]] error_code error() const {
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
      return error.code();
    }
    return {};
  }
};
struct Nothing {};
template <class T>
using Task = std::shared_ptr<Outcome<std::conditional_t<std::is_void_v<T>, Nothing, T>>>;

class World {
 public:
  World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // Its servers remember what they have done; of one that is "forgetful" they don't, as ZooKeeper's.
  Process& process(std::chrono::milliseconds session_timeout = std::chrono::milliseconds(2000));
  Process& forgetful_process(std::chrono::milliseconds session_timeout = std::chrono::milliseconds(2000));
  void kill(Process& process);

  // Begins it in that process. Coroutines that must be cancelled: with a slot.
  template <class T>
  Task<T> begin(Process& process, asio::awaitable<T> story, asio::cancellation_slot slot = {});
  // Runs it to its end: its value, or it throws what the coroutine has thrown.
  template <class T>
  auto run(Process& process, asio::awaitable<T> story) {
    const auto task = begin(process, std::move(story));
    until("the story ends", [&] { return task->done; });
    return task->get();
  }
  template <class T>
  error_code failure(Process& process, asio::awaitable<T> story) {
    const auto task = begin(process, std::move(story));
    until("the story ends", [&] { return task->done; });
    return task->error();
  }

  bool step();    // one thing happens in each process, if any can, and what follows from it at the server
  void settle();  // everything happens that can happen at this moment
  void pass(std::chrono::milliseconds time);
  void until(const std::string& what, const std::function<bool()>& holds);
  template <class T>
  void end(const std::shared_ptr<Outcome<T>>& task) {
    until("it ends", [&] { return task->done; });
  }

  // What the server holds.
  [[nodiscard]] std::vector<std::string> children(const std::string& path) const;
  [[nodiscard]] std::optional<std::string> data(const std::string& path) const;
  [[nodiscard]] bool exists(const std::string& path) const { return data(path).has_value(); }

 private:
  friend class Process;
  friend class PlayedLink;
  friend class PlayedMachine;

  [[nodiscard]] Now now() const { return {now_ms_, 1'700'000'000'000 + now_ms_}; }
  bool serve();
  bool fire_timers();

  std::int64_t now_ms_ = 1000;
  std::uint64_t seeds_ = 0;
  node::Node node_;
  std::vector<broadcast::Entry> log_;
  node::ConnId last_connection_ = 0;
  std::map<node::ConnId, class PlayedLink*> links_;
  std::vector<std::unique_ptr<Process>> processes_;
};

template <class T>
Task<T> World::begin(Process& process, asio::awaitable<T> story, asio::cancellation_slot slot) {
  const auto task = std::make_shared<typename Task<T>::element_type>();
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(process.io_, std::move(story),
                   asio::bind_cancellation_slot(slot, [task](std::exception_ptr failure) {
                     task->done = true;
                     task->failure = std::move(failure);
                     task->value = Nothing();
                   }));
  } else {
    asio::co_spawn(process.io_, std::move(story),
                   asio::bind_cancellation_slot(slot, [task](std::exception_ptr failure, T value) {
                     task->done = true;
                     task->failure = std::move(failure);
                     if (!task->failure) task->value = std::move(value);
                   }));
  }
  return task;
}

}  // namespace muster::test
