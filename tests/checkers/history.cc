#include "tests/checkers/history.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <istream>
#include <optional>
#include <sstream>
#include <string_view>

namespace muster::checkers {
namespace {

constexpr std::array<std::string_view, 5> kinds{"create", "set", "remove", "read", "synced_read"};
constexpr std::array<std::string_view, 5> outcomes{"ok", "no_node", "node_exists", "bad_version", "unknown"};

template <class Enum, std::size_t N>
bool named(const std::array<std::string_view, N>& names, std::string_view name, Enum& out) {
  const auto* const at = std::find(names.begin(), names.end(), name);
  out = static_cast<Enum>(at - names.begin());
  return at != names.end();
}

std::optional<Operation> parse_line(const std::string& line) {
  std::istringstream fields(line);
  Operation op;
  std::string kind, outcome, returned;
  fields >> op.session >> op.key >> kind >> op.value >> op.expected >> op.called >> returned >> outcome >>
      op.zxid >> op.version >> op.czxid >> op.mzxid;
  if (!fields || !named(kinds, kind, op.kind) || !named(outcomes, outcome, op.outcome)) return std::nullopt;
  if (returned == "-") return op;
  std::istringstream(returned) >> op.returned;
  if (op.returned < op.called) return std::nullopt;
  return op;
}

}  // namespace

std::string print(const Operation& op) {
  const std::string returned = op.returned == never ? "-" : std::to_string(op.returned);
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", op.session, op.key,
                     kinds.at(static_cast<std::size_t>(op.kind)), op.value, op.expected, op.called, returned,
                     outcomes.at(static_cast<std::size_t>(op.outcome)), op.zxid, op.version, op.czxid,
                     op.mzxid);
}

Result<History> parse(std::istream& lines) {
  History history;
  for (std::string line; std::getline(lines, line);) {
    const auto op = parse_line(line);
    if (!op)
      return Error{fmt::format("line {} of the history is no operation: {}", history.size() + 1, line)};
    history.push_back(*op);
  }
  return history;
}

}  // namespace muster::checkers
