// What clients ask and are told, written down for check-history (tests/checkers/history.h).
#pragma once

#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <string>

#include "client/bench/loop.h"
#include "tests/checkers/history.h"

namespace muster::chaos {

// All that was asked.
class Record {
 public:
  // Throws std::runtime_error: the file can't be written. Each value is followed by so many bytes that say nothing.
  Record(const std::string& file, std::size_t padding);

  [[nodiscard]] std::int64_t number_of(SessionId session);
  void heard(const checkers::Operation& op);
  // That somebody was told of last.
  [[nodiscard]] std::int32_t version_of(std::int64_t key) const;
  // Writes of which nobody knows whether they were done.
  [[nodiscard]] std::int64_t unknown_of(std::int64_t key) const;
  [[nodiscard]] std::string text_of(std::int64_t value) const { return std::to_string(value) + padding_; }
  // When a server last answered that it takes no writes, or that it can't tell.
  void refused(bench::Time at) { refused_at_ = at; }
  [[nodiscard]] bench::Time refused_at() const { return refused_at_; }
  [[nodiscard]] std::string summary() const;

 private:
  std::ofstream file_;
  std::string padding_;
  std::map<SessionId, std::int64_t> sessions_;
  std::map<std::int64_t, std::int32_t> versions_;    // by key
  std::map<std::int64_t, std::int64_t> unknown_of_;  // by key
  std::int64_t recorded_ = 0, unknown_ = 0;
  bench::Time refused_at_ = 0;
};

// Sends operations, and notes what becomes of them.
class Recorder : public bench::Work {
 public:
  explicit Recorder(Record& record) : record_(record) {}

  void answered(bench::Connection& connection, const bench::Answer& answer) override;
  void lost(bench::Connection& connection, bench::Time now) override;

 protected:
  void ask(bench::Loop& loop, bench::Connection& connection, checkers::Operation op);
  // What is not recorded: other() hears of the answer.
  void ask_other(bench::Loop& loop, bench::Connection& connection, const wire::Request& request);
  virtual void other(bench::Connection& /*connection*/, ErrorCode /*error*/) {}
  [[nodiscard]] std::size_t waiting(const bench::Connection& connection) {
    return asked_[connection.index()].size();
  }

  Record& record_;

 private:
  enum class What : std::uint8_t { operation, sync_before_it, other };
  struct Asked {
    What what{};
    checkers::Operation op;
  };

  [[nodiscard]] wire::Request request_of(const checkers::Operation& op) const;

  std::map<std::size_t, std::deque<Asked>> asked_;  // by connection, in the order sent
};

inline constexpr const char* directory = "/history";

}  // namespace muster::chaos
