#include "tests/simulation/sim.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/check.h"
#include "common/mutant.h"

namespace muster::simulation {

void broken(std::string_view invariant, std::string detail) {
  throw InvariantBroken{std::string(invariant), std::move(detail)};
}

void Loop::after(std::int64_t delay_us, Action action) {
  if (mutant(Mutant::unseeded_random) && asked_ % 1000 == 0) delay_us += std::rand() % 2;
  at(now_us_ + delay_us, std::move(action));
}

void Loop::at(std::int64_t time_us, Action action) {
  CHECK(time_us >= now_us_, "an event lies in the past");
  queue_.push_back({time_us, ++asked_, std::move(action)});
  std::push_heap(queue_.begin(), queue_.end(), later);
}

bool Loop::run_next(std::int64_t until_us) {
  if (queue_.empty() || queue_.front().time_us > until_us) {
    now_us_ = std::max(now_us_, until_us);
    return false;
  }
  std::pop_heap(queue_.begin(), queue_.end(), later);
  Event event = std::move(queue_.back());
  queue_.pop_back();
  now_us_ = event.time_us;
  ++events_;
  event.action();
  return true;
}

void Loop::note(Fact what, std::initializer_list<std::int64_t> numbers) {
  const auto mix = [this](std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9E3779B97F4A7C15ULL;
    hash_ ^= hash_ >> 29U;
  };
  mix(static_cast<std::uint64_t>(now_us_));
  mix(what.hash);
  for (const std::int64_t number : numbers) mix(static_cast<std::uint64_t>(number));
  marks_.on(what, numbers);
  if (!trace_) return;
  std::string line(what.name);
  for (const std::int64_t number : numbers) line += fmt::format(" {}", number);
  say(line);
}

void Loop::fault(Fault kind, std::initializer_list<std::int64_t> numbers) {
  ++faults_[kind];
  note(Fact(describe(kind).name), numbers);
}

void Loop::say(const std::string& line) const {
  if (!trace_) return;
  fmt::print("{:>12.6f} #{:<8} {}\n", static_cast<double>(now_us_) / 1e6, events_, line);
}

}  // namespace muster::simulation
