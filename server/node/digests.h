// Do all servers hold the same state? Each notes the digest of its tree at certain zxids (points), the same ones on all servers, and
// tells all others. The state that a majority of the voters has at one zxid is the right one (DESIGN D11).
//
//   a point is   every point_entries-th zxid; the first entry of each second of the leader's clock; the last entry before a pause
//
// Each server judges only itself. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "server/broadcast/entry.h"

namespace muster::node {

struct DigestPoint {
  Zxid zxid;
  std::uint64_t digest = 0;
  friend bool operator==(const DigestPoint&, const DigestPoint&) = default;
};
// To all others, whenever there are new ones; all that are kept on a new link. Bytes: proto/peer.proto.
struct DigestReport {
  std::vector<DigestPoint> points;  // ascending
  friend bool operator==(const DigestReport&, const DigestReport&) = default;
};

struct DigestLimits {
  std::int64_t point_entries = 1000;
  std::int64_t idle_ms = 500;     // a pause
  std::size_t max_points = 1024;  // kept of each server; the oldest go
  // Two values, and no majority for either: so long others may yet be heard before this server serves no more.
  std::int64_t patience_ms = 1000;
  // A state that came over is not installed before a majority has confirmed it; but if nobody contradicts it for so long, because the
  // others are down for good, it is.
  std::int64_t unconfirmed_ms = 30'000;
};

enum class DigestFinding : std::uint8_t {
  agreed,     // nothing speaks against this server's state
  contested,  // somebody has another state, and no majority has either: nobody serves
  differs,    // a majority has another state
};
// What is found now, and of what: `other` is a digest that is not this server's.
struct DigestJudgement {
  DigestFinding finding = DigestFinding::agreed;
  Zxid zxid;
  std::uint64_t own = 0, other = 0;
  friend bool operator==(const DigestJudgement&, const DigestJudgement&) = default;
};

// What the voters say of one server's state.
enum class Support : std::uint8_t {
  unknown,
  confirmed,  // a majority has the same one (or nobody says otherwise, and without this server there is no majority)
  contradicted,  // somebody has another one, and no majority has this one
};

class Digests {
 public:
  // `applied`: of the tree, at the start.
  Digests(ServerId self, const DigestLimits& limits, Zxid applied)
      : self_(self), limits_(limits), applied_(applied) {}

  // That entry is applied; in order.
  void applied(Now now, Zxid zxid, std::int64_t time_ms, std::uint64_t digest);
  // `digest`: of the tree, as it is now.
  void tick(Now now, std::uint64_t digest);
  void reported(ServerId from, const std::vector<DigestPoint>& points);
  // It starts anew, or another link to it: it tells all that it has.
  void forget(ServerId server) {
    reports_.erase(server);
    news_since_judged_ = true;
  }

  [[nodiscard]] std::vector<DigestPoint> take_news();  // to be told to all
  [[nodiscard]] std::vector<DigestPoint> all() const { return {own_.begin(), own_.end()}; }

  // Costs nothing while there is nothing new.
  [[nodiscard]] DigestJudgement judge(Now now, const broadcast::Membership& membership);
  // The newest zxid at which a majority had this server's state.
  [[nodiscard]] Zxid confirmed() const { return confirmed_; }
  // What is known of `server`'s state at `from`: a tree that is right later was right then.
  [[nodiscard]] Support support(ServerId server, Zxid from, const broadcast::Membership& membership) const;

 private:
  using Points = std::deque<DigestPoint>;
  struct Tally {
    std::map<std::uint64_t, std::size_t> voters;  // by digest
    std::size_t silent = 0;                       // voters that have said nothing of that zxid
  };

  void note(Zxid zxid, std::uint64_t digest);
  void add(Points& points, const DigestPoint& point) const;
  [[nodiscard]] Tally count(Zxid zxid, const broadcast::Membership& membership) const;
  [[nodiscard]] static std::optional<std::uint64_t> digest_at(const Points& points, Zxid zxid);

  ServerId self_;
  DigestLimits limits_;
  Points own_;
  std::size_t news_ = 0;  // so many of own_, the newest, are to be told
  std::map<ServerId, Points> reports_;
  Zxid applied_;
  std::int64_t applied_ms_ = 0, last_second_ = -1;
  Zxid confirmed_;
  std::optional<std::int64_t> contested_since_ms_;
  bool news_since_judged_ = false;
};

}  // namespace muster::node
