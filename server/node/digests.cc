#include "server/node/digests.h"

#include <algorithm>
#include <utility>

namespace muster::node {

void Digests::applied(Now now, Zxid zxid, std::int64_t time_ms, std::uint64_t digest) {
  applied_ = zxid;
  applied_ms_ = now.mono_ms;
  const std::int64_t second = time_ms / 1000;
  const bool another = last_second_ >= 0 && second != last_second_;
  last_second_ = second;
  if (another || zxid.value % limits_.point_entries == 0) note(zxid, digest);
}

void Digests::tick(Now now, std::uint64_t digest) {
  const bool noted = !own_.empty() && own_.back().zxid == applied_;
  if (applied_ > Zxid{} && !noted && now.mono_ms - applied_ms_ >= limits_.idle_ms) note(applied_, digest);
}

void Digests::note(Zxid zxid, std::uint64_t digest) {
  add(own_, {zxid, digest});
  news_since_judged_ = true;
  news_ = std::min(news_ + 1, own_.size());
}

void Digests::add(Points& points, const DigestPoint& point) const {
  if (!points.empty() && points.back().zxid >= point.zxid) return;
  points.push_back(point);
  if (points.size() > limits_.max_points) points.pop_front();
}

void Digests::reported(ServerId from, const std::vector<DigestPoint>& points) {
  if (from == self_) return;
  for (const DigestPoint& point : points) add(reports_[from], point);
  news_since_judged_ = true;
}

std::vector<DigestPoint> Digests::take_news() {
  const auto from = own_.end() - static_cast<std::ptrdiff_t>(std::exchange(news_, 0));
  return {from, own_.end()};
}

std::optional<std::uint64_t> Digests::digest_at(const Points& points, Zxid zxid) {
  const auto found =
      std::lower_bound(points.begin(), points.end(), zxid,
                       [](const DigestPoint& point, Zxid wanted) { return point.zxid < wanted; });
  if (found == points.end() || found->zxid != zxid) return std::nullopt;
  return found->digest;
}

Digests::Tally Digests::count(Zxid zxid, const broadcast::Membership& membership) const {
  Tally tally;
  for (const broadcast::Member& member : membership.members) {
    if (!member.voter) continue;
    const auto report = reports_.find(member.id);
    std::optional<std::uint64_t> digest;
    if (member.id == self_)
      digest = digest_at(own_, zxid);
    else if (report != reports_.end())
      digest = digest_at(report->second, zxid);
    digest ? ++tally.voters[*digest] : ++tally.silent;
  }
  return tally;
}

// From the newest point down to the newest that a majority has settled: a tree that was right there was right before.
DigestJudgement Digests::judge(Now now, const broadcast::Membership& membership) {
  if (!std::exchange(news_since_judged_, false) && !contested_since_ms_) return {};
  DigestJudgement contest;
  bool hopeless = false;  // no majority can come of those that are silent
  for (auto point = own_.rbegin(); point != own_.rend() && point->zxid > confirmed_; ++point) {
    const Tally tally = count(point->zxid, membership);
    std::size_t most = 0;
    std::optional<std::uint64_t> other;
    for (const auto& [digest, voters] : tally.voters) {
      most = std::max(most, voters);
      if (digest != point->digest) other = digest;
      if (voters < membership.quorum()) continue;
      if (digest != point->digest) return {DigestFinding::differs, point->zxid, point->digest, digest};
      confirmed_ = point->zxid;
    }
    if (confirmed_ == point->zxid) break;
    if (!other) continue;
    contest = {DigestFinding::contested, point->zxid, point->digest, *other};
    hopeless = hopeless || most + tally.silent < membership.quorum();
  }
  if (contest.finding == DigestFinding::agreed) {
    contested_since_ms_.reset();
    return contest;
  }
  if (!contested_since_ms_) contested_since_ms_ = now.mono_ms;
  const bool patient = !hopeless && now.mono_ms - *contested_since_ms_ < limits_.patience_ms;
  return patient ? DigestJudgement{} : contest;
}

Support Digests::support(ServerId server, Zxid from, const broadcast::Membership& membership) const {
  Support support = Support::unknown;
  const auto report = reports_.find(server);
  if (report == reports_.end()) return support;
  const std::size_t others = membership.voters() - (membership.is_voter(self_) ? 1 : 0);
  if (others < membership.quorum()) support = Support::confirmed;
  for (auto point = report->second.rbegin(); point != report->second.rend() && point->zxid >= from; ++point) {
    for (const auto& [digest, voters] : count(point->zxid, membership).voters) {
      if (digest == point->digest && voters >= membership.quorum()) return Support::confirmed;
      if (digest != point->digest) support = Support::contradicted;
    }
  }
  return support;
}

}  // namespace muster::node
