#include "client/bench/histogram.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "common/random.h"

using muster::Random;
using muster::bench::Histogram;

TEST_CASE("an empty histogram says 0") {
  const Histogram histogram;
  CHECK(histogram.count() == 0);
  CHECK(histogram.percentile(0.5) == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.mean() == 0);
}

TEST_CASE("values below 128 are kept as they are") {
  for (std::int64_t value = 0; value < 128; ++value) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(1'000'000);
    CHECK(histogram.percentile(0.5) == value);
  }
}

TEST_CASE("a single value is found at every percentile, at most 1/64 too high") {
  for (std::int64_t value = 1; value < Histogram::highest / 3; value = value * 3 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(Histogram::highest);
    const std::int64_t found = histogram.percentile(0.5);
    CHECK(found >= value);
    CHECK(found <= value + value / 64);
  }
}

TEST_CASE("no percentile is above the greatest value") {
  Histogram histogram;
  histogram.record(1'000'001);
  CHECK(histogram.percentile(0.5) == 1'000'001);
  CHECK(histogram.percentile(1) == 1'000'001);
  CHECK(histogram.max() == 1'000'001);
}

TEST_CASE("percentiles are those of the sorted values") {
  Random random(7);
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.between(1, 38)));
    values.push_back(value);
    histogram.record(value);
  }
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const std::int64_t value : values) sum += static_cast<double>(value);
  CHECK(histogram.mean() == Approx(sum / 20'000));
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank = std::max<std::size_t>(static_cast<std::size_t>(std::ceil(share * 20'000)), 1);
    const std::int64_t exact = values[rank - 1];
    CHECK(histogram.percentile(share) >= exact);
    CHECK(histogram.percentile(share) <= exact + exact / 64);
  }
}

TEST_CASE("what lies outside the range counts as its end") {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(Histogram::highest + 5);
  CHECK(histogram.count() == 2);
  CHECK(histogram.percentile(0.5) == 0);
  CHECK(histogram.max() == Histogram::highest);
}

TEST_CASE("two histograms added are the histogram of all values") {
  Histogram a;
  Histogram b;
  Histogram all;
  for (std::int64_t i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? a : b).record(i * i);
    all.record(i * i);
  }
  a.add(b);
  CHECK(a.count() == all.count());
  CHECK(a.max() == all.max());
  for (const double share : {0.1, 0.5, 0.99, 1.0}) CHECK(a.percentile(share) == all.percentile(share));
}
