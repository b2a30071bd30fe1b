// Several operations in one request.
//
//   muster::Transaction transaction;
//   transaction.check("/config", 7);
//   const auto job = transaction.create("/jobs/job-", "…", muster::CreateMode::sequential);
//   const auto state = transaction.set("/state", "busy");
//   auto [error, result] = co_await client.async_multi(transaction, as_tuple(deferred));
//   if (error) complain(*result.failed_operation(), error);
//   else use(result[job].path, result[state].version);
//
// Rules: ZooKeeper programmer's guide, "multi".
#pragma once

#include <muster/answer.h>
#include <muster/operations.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster {

namespace detail {
struct Requests;  // makes the protocol's requests of ours
}

// Names one operation of a transaction or batch, and the type of its result.
template <class T>
struct Key {
  std::size_t index = 0;  // 0, 1, … in the order of the calls
};

// All are done, or none. A later operation sees the effect of an earlier one. The request as a whole is limited as a
// single one is, to about 1 MiB.
class Transaction {
 public:
  Key<Created> create(std::string_view path, std::string data, CreateOptions options = {});
  Key<Stat> set(std::string_view path, std::string data, std::int32_t version = any_version);
  std::size_t remove(std::string_view path, std::int32_t version = any_version);
  // Does nothing if that is the node's version; else all fails.
  std::size_t check(std::string_view path, std::int32_t version);

  [[nodiscard]] std::size_t size() const { return operations_.size(); }
  [[nodiscard]] bool empty() const { return operations_.empty(); }

 private:
  friend struct detail::Requests;
  struct Create {
    std::string path, data;
    CreateOptions options;
  };
  struct Set {
    std::string path, data;
    std::int32_t version;
  };
  struct Remove {
    std::string path;
    std::int32_t version;
  };
  struct Check {
    std::string path;
    std::int32_t version;
  };
  using Operation = std::variant<Create, Set, Remove, Check>;
  std::size_t add(Operation operation);

  std::vector<Operation> operations_;
};

// What became of a transaction. Of one that was not done it only tells which operation was to blame; asking for a
// result then throws std::bad_variant_access. (A ZooKeeper before 3.9 tells only the path of a node that was created: its
// Stat is all zero.)
class TransactionResult {
 public:
  [[nodiscard]] const Created& operator[](Key<Created> key) const {
    return std::get<Created>(results_.at(key.index));
  }
  [[nodiscard]] const Stat& operator[](Key<Stat> key) const { return std::get<Stat>(results_.at(key.index)); }

  // The index of the operation that failed. Nothing if all was done, or if the request failed as a whole.
  [[nodiscard]] std::optional<std::size_t> failed_operation() const { return failed_; }

 private:
  friend struct detail::Requests;
  std::vector<std::variant<std::monostate, Created, Stat>> results_;
  std::optional<std::size_t> failed_;
};

// Reads of one moment, each with its own answer.
class ReadBatch {
 public:
  Key<Value> get(std::string_view path);
  Key<std::vector<std::string>> children(std::string_view path);

  [[nodiscard]] std::size_t size() const { return reads_.size(); }
  [[nodiscard]] bool empty() const { return reads_.empty(); }

 private:
  friend struct detail::Requests;
  struct Read {
    std::string path;
    bool children;
  };
  std::vector<Read> reads_;
};

class ReadBatchResult {
 public:
  [[nodiscard]] const Answer<Value>& operator[](Key<Value> key) const {
    return std::get<Answer<Value>>(results_.at(key.index));
  }
  // Names, sorted.
  [[nodiscard]] const Answer<std::vector<std::string>>& operator[](Key<std::vector<std::string>> key) const {
    return std::get<Answer<std::vector<std::string>>>(results_.at(key.index));
  }

 private:
  friend struct detail::Requests;
  std::vector<std::variant<std::monostate, Answer<Value>, Answer<std::vector<std::string>>>> results_;
};

}  // namespace muster
