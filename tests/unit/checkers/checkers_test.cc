#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <sstream>

#include "common/random.h"
#include "tests/checkers/linearizable.h"
#include "tests/checkers/zxid_order.h"
#include "tests/unit/checkers/legal.h"

namespace muster::checkers {
namespace {

std::string all(const Violations& violations) {
  std::string text;
  for (const Violation& violation : violations) text += violation.rule + ": " + violation.detail + "\n";
  return text;
}

bool certain(const Operation& op) { return op.key % 2 == 0; }  // no outcome on its key is unknown

using Places = std::vector<std::size_t>;
using Pick = std::function<bool(const History&, std::size_t)>;

// Where a history has what a corruption needs.
Places places(const History& history, const Pick& fits) {
  Places found;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (certain(history[i]) && fits(history, i)) found.push_back(i);
  return found;
}

// The last operation before `i` that fits.
template <class Fits>
std::optional<std::size_t> before(const History& history, std::size_t i, Fits fits) {
  while (i-- > 0)
    if (fits(history[i])) return i;
  return std::nullopt;
}

bool is(const Operation& op, Kind kind, Outcome outcome) { return op.kind == kind && op.outcome == outcome; }

auto any(Kind kind, Outcome outcome) {
  return [kind, outcome](const History& history, std::size_t i) { return is(history[i], kind, outcome); };
}

// A write that another session's operation on another key had been answered before.
std::optional<std::size_t> earlier_write(const History& history, std::size_t i) {
  const Operation& late = history[i];
  if (late.is_read()) return std::nullopt;
  return before(history, i, [&](const Operation& op) {
    return !op.is_read() && op.outcome == Outcome::ok && op.session != late.session &&
           op.returned < late.called;
  });
}

struct Corruption {
  const char* name;
  Pick fits;
  std::function<void(History&, std::size_t)> corrupt;
  bool breaks_linearizability;  // else only the zxids show it
};

const std::vector<Corruption>& corruptions() {
  static const std::vector<Corruption> list{
      {"a value that nobody wrote", any(Kind::synced_read, Outcome::ok),
       [](History& history, std::size_t i) { history[i].value += 1'000'000; }, true},
      {"a synced read of an older version",
       [](const History& history, std::size_t i) {
         return is(history[i], Kind::synced_read, Outcome::ok) && history[i].version > 0 &&
                before(history, i, [&](const Operation& op) {
                  return op.mzxid == history[i].mzxid && op.kind == Kind::set &&
                         op.returned < history[i].called;
                });
       },
       [](History& history, std::size_t i) { --history[i].version; }, true},
      {"one version told of two sets",
       [](const History& history, std::size_t i) {
         return is(history[i], Kind::set, Outcome::ok) && history[i].version > 1;
       },
       [](History& history, std::size_t i) { --history[i].version; }, true},
      {"a set that was applied twice", any(Kind::set, Outcome::ok),
       [](History& history, std::size_t i) { ++history[i].version; }, true},
      {"a compare-and-set that did not compare", any(Kind::set, Outcome::ok),
       [](History& history, std::size_t i) { history[i].expected = history[i].version + 4; }, true},
      {"a refusal without a reason", any(Kind::remove, Outcome::bad_version),
       [](History& history, std::size_t i) { history[i].expected = -1; }, true},
      {"two creates of one node", any(Kind::create, Outcome::node_exists),
       [](History& history, std::size_t i) {
         Operation& op = history[i];
         op.outcome = Outcome::ok;
         op.czxid = op.mzxid = op.zxid;
       },
       true},
      {"a create refused of a node that is not there", any(Kind::create, Outcome::ok),
       [](History& history, std::size_t i) { history[i].outcome = Outcome::node_exists; }, true},
      {"a removed node that is read",
       [](const History& history, std::size_t i) {
         return is(history[i], Kind::synced_read, Outcome::no_node);
       },
       [](History& history, std::size_t i) {
         Operation& op = history[i];
         op.outcome = Outcome::ok;
         op.value = 1'000'000;
       },
       true},
      {"a node that is not found",
       [](const History& history, std::size_t i) {
         const Operation& read = history[i];
         return is(read, Kind::synced_read, Outcome::ok) &&
                before(history, i,
                       [&](const Operation& op) {
                         return is(op, Kind::create, Outcome::ok) && op.zxid == read.czxid &&
                                op.returned < read.called;
                       }) &&
                std::none_of(history.begin(), history.end(), [&](const Operation& op) {
                  return is(op, Kind::remove, Outcome::ok) && op.key == read.key && op.zxid > read.czxid &&
                         op.called < read.returned;
                });
       },
       [](History& history, std::size_t i) {
         Operation& op = history[i];
         op.outcome = Outcome::no_node;
         op.value = op.czxid = op.mzxid = 0;
         op.version = 0;
       },
       true},
      {"an acknowledged write that is lost",
       [](const History& history, std::size_t i) {
         return is(history[i], Kind::set, Outcome::ok) &&
                std::any_of(history.begin(), history.end(), [&](const Operation& op) {
                  return is(op, Kind::synced_read, Outcome::ok) && op.key == history[i].key &&
                         op.czxid == history[i].czxid && op.version >= history[i].version;
                });
       },
       [](History& history, std::size_t i) {
         history.erase(history.begin() + static_cast<std::ptrdiff_t>(i));
       },
       true},
      {"a session that goes back",
       [](const History& history, std::size_t i) {
         return history[i].is_read() && history[i].outcome != Outcome::unknown &&
                before(history, i,
                       [&](const Operation& op) { return op.session == history[i].session && op.zxid > 1; });
       },
       [](History& history, std::size_t i) {
         const std::int64_t session = history[i].session;
         const auto last =
             before(history, i, [&](const Operation& op) { return op.session == session && op.zxid > 1; });
         history[i].zxid = history[*last].zxid - 1;
       },
       false},
      {"one zxid of two writes",
       [](const History& history, std::size_t i) { return earlier_write(history, i).has_value(); },
       [](History& history, std::size_t i) { history[i].zxid = history[*earlier_write(history, i)].zxid; },
       false},
      {"zxids against the order of time",
       [](const History& history, std::size_t i) { return earlier_write(history, i).has_value(); },
       [](History& history, std::size_t i) {
         std::swap(history[i].zxid, history[*earlier_write(history, i)].zxid);
       },
       false},
      {"one write's value with another one's stat", any(Kind::read, Outcome::ok),
       [](History& history, std::size_t i) { ++history[i].mzxid; }, false},
      {"a read of what comes later", any(Kind::read, Outcome::ok),
       [](History& history, std::size_t i) { history[i].zxid = history[i].mzxid - 1; }, false},
  };
  return list;
}

}  // namespace

TEST_CASE("a thousand legal histories are accepted") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const History history = legal_history(seed, 150);
    INFO("seed " << seed);
    REQUIRE(all(check_zxid_order(history)) == "");
    REQUIRE(all(check_linearizable(history)) == "");
  }
}

TEST_CASE("every kind of corruption is refused, in each of twenty histories") {
  for (const Corruption& corruption : corruptions()) {
    INFO(corruption.name);
    std::size_t corrupted = 0;
    for (std::uint64_t seed = 0; corrupted < 20; ++seed) {
      REQUIRE(seed < 200);
      History history = legal_history(seed, 150);
      const Places where = places(history, corruption.fits);
      if (where.empty()) continue;
      ++corrupted;
      corruption.corrupt(history, where[Random(seed).below(where.size())]);
      INFO("seed " << seed);
      CHECK(all(check_zxid_order(history)) != "");
      CHECK((all(check_linearizable(history)) != "") == corruption.breaks_linearizability);
    }
  }
}

TEST_CASE("legal histories have what makes them hard") {
  std::size_t overlaps = 0, unknown = 0, behind = 0, failed = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const History history = legal_history(seed, 150);
    std::int64_t greatest = 0;
    for (const Operation& op : history) {
      unknown += op.outcome == Outcome::unknown ? 1 : 0;
      failed += op.outcome != Outcome::unknown && op.outcome != Outcome::ok ? 1 : 0;
      behind += op.kind == Kind::read && op.zxid < greatest ? 1 : 0;
      greatest = std::max(greatest, op.zxid);
      overlaps += std::any_of(history.begin(), history.end(), [&](const Operation& other) {
        return other.session != op.session && other.called < op.returned && op.called < other.returned;
      });
    }
  }
  CHECK(overlaps > 1000);
  CHECK(unknown > 20);
  CHECK(behind > 100);
  CHECK(failed > 100);
}

TEST_CASE("a history is read back as it was written") {
  const History history = legal_history(7, 300);
  std::stringstream text;
  for (const Operation& op : history) text << print(op) << "\n";
  const auto again = parse(text);
  REQUIRE(again.has_value());
  CHECK(*again == history);
}

TEST_CASE("a line that is no operation is refused with its number") {
  std::stringstream text("1 2 set 3 -1 10 20 ok 5 1 4 5\n1 2 sett 3 -1 10 20 ok 5 1 4 5\n");
  const auto history = parse(text);
  REQUIRE(!history.has_value());
  CHECK(history.error().message.find("line 2") != std::string::npos);
}

TEST_CASE("a search that finds no end is given up") {
  const History history = legal_history(3, 150);
  const Violations violations = check_linearizable(history, 3);
  REQUIRE(!violations.empty());
  CHECK(violations.front().rule == "undecided");
}

}  // namespace muster::checkers
