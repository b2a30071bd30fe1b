// Work that many put in and many take out, each piece once.
//
//   muster::recipes::Queue queue(client, "/work");
//   co_await queue.put("resize 4711");
//
//   muster::recipes::Item item = co_await queue.take();
//   muster::Transaction effect;
//   effect.create("/done/4711", resize(item.data()));
//   co_await item.finish(effect);               // the effect and the item's removal, both or neither
//
// An item is taken by an ephemeral claim and stays until it is finished: if its taker dies, or drops it, another one gets
// it. What a taker does inside the ensemble is therefore done exactly once (give it to finish()); what it does outside may be
// begun again, and should bear that.
//
// The layout is that of kazoo's LockingQueue: entries/entry-PPP-NNNNNNNNNN and taken/ the same. A lower priority number goes
// first, and among those of one priority the one that was put first. With many takers items may be finished in another order.
// Errors of all: those of the session's end; no_auth; quota_exceeded.
#pragma once

#include <muster/client.h>

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

namespace muster::recipes {

class Once;

// What was taken. Destroying it gives it back in the background.
class Item {
 public:
  Item() noexcept;
  Item(Item&& other) noexcept;
  Item& operator=(Item&& other) noexcept;
  ~Item();

  [[nodiscard]] const std::string& data() const { return data_; }
  [[nodiscard]] const std::string& name() const { return name_; }  // "entry-100-0000000007"
  // Removes it, together with what `effect` does. Errors besides those of `effect`: no_node: it was taken from us (the claim
  // was removed). If this throws, nothing was done, but for what is_outcome_unknown() says of the session's end, time-outs and
  // cancellation. Keep this until it ends.
  [[nodiscard]] asio::awaitable<void> finish(Transaction effect = {});
  // Others can have it.
  [[nodiscard]] asio::awaitable<void> give_back();

 private:
  friend class Queue;
  Item(Client client, std::string path, std::string name, std::string mark, std::string data);
  void drop() noexcept;
  std::optional<Client> client_;           // nothing: no item
  std::string path_, name_, mark_, data_;  // mark_: of the claim
};

class Queue {
 public:
  Queue(Client client, std::string path);
  Queue(Queue&&) noexcept;
  Queue& operator=(Queue&&) noexcept;
  ~Queue();

  // In the queue once, whatever happens to the connection. `priority`: 0–999.
  [[nodiscard]] asio::awaitable<void> put(std::string data, int priority = 100);
  // Waits for one.
  [[nodiscard]] asio::awaitable<Item> take() const;
  [[nodiscard]] asio::awaitable<std::optional<Item>> try_take() const;
  [[nodiscard]] asio::awaitable<std::optional<Item>> take_within(std::chrono::milliseconds limit) const;
  // Those that are not finished.
  [[nodiscard]] asio::awaitable<std::size_t> size() const;

 private:
  static asio::awaitable<Item> take_item(Client client, std::string path);
  static asio::awaitable<std::optional<Item>> try_take_item(Client client, std::string path);

  Client client_;
  std::string path_;
  std::shared_ptr<Once> once_;
};

}  // namespace muster::recipes
