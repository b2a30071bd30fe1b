// What clients asked, when, and what they were told: the record that the checkers judge. One line of text for each operation,
// in the order in which its session heard of the outcomes:
//
//   session key kind value expected called returned outcome zxid version czxid mzxid
//
// `session` and `key` are numbers; kind, outcome: the names below; times in µs on one clock, "-" for never; what an operation
// has not is 0 (expected: -1).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <string>
#include <vector>

#include "common/result.h"

namespace muster::checkers {

enum class Kind : std::uint8_t {
  create,
  set,  // compare-and-set if a version is expected
  remove,
  read,
  synced_read,  // sync and read, one behind the other: from the sending of the sync to the answer of the read
};
enum class Outcome : std::uint8_t { ok, no_node, node_exists, bad_version, unknown };

inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

struct Operation {
  std::int64_t session = 0;  // the same over all its connections
  std::int64_t key = 0;      // of the znode
  Kind kind{};
  std::int64_t value = 0;  // written, or read; each write has its own, above 0
  std::int32_t expected = -1;
  std::int64_t called = 0, returned = never;
  Outcome outcome = Outcome::unknown;
  // As the answer says; of an unknown outcome 0.
  std::int64_t zxid = 0;  // the reply's: a write's own, of a read that of the state that it shows
  std::int32_t version = 0;
  std::int64_t czxid = 0, mzxid = 0;

  [[nodiscard]] bool is_read() const { return kind == Kind::read || kind == Kind::synced_read; }
  friend bool operator==(const Operation&, const Operation&) = default;
};
using History = std::vector<Operation>;

[[nodiscard]] std::string print(const Operation& operation);
// Error: one sentence that names the line.
[[nodiscard]] Result<History> parse(std::istream& lines);

// What a checker found. Empty: nothing.
struct Violation {
  std::string rule;    // "real-time", …: the checker's header names them
  std::string detail;  // one sentence, with the operations that contradict each other
};
using Violations = std::vector<Violation>;

}  // namespace muster::checkers
