// What was seen within the window.
#pragma once

#include <muster/errors.h>

#include <cstdint>
#include <map>

#include "client/bench/connection.h"
#include "client/bench/histogram.h"
#include "client/bench/timeline.h"

namespace muster::bench {

class Results {
 public:
  explicit Results(Window measured) : window(measured), completions(measured) {}

  // Throughput goes by when a request completed; latency and errors go by when it was due.
  void completed(Sent sent, Time at) {
    completions.completed(at);
    took(sent, at);
  }
  // Nobody waits for it any longer: it would have taken at least so long.
  void given_up(Sent sent, Time at) {
    ++unanswered;
    took(sent, at);
  }
  void failed(Sent sent, ErrorCode error) {
    if (window.holds(sent.due)) ++errors[error];
  }
  void add(const Results& other) {
    completions.add(other.completions);
    reads.add(other.reads);
    writes.add(other.writes);
    for (const auto& [error, count] : other.errors) errors[error] += count;
    unanswered += other.unanswered;
  }

  Window window;
  Timeline completions;
  Histogram reads, writes;
  std::map<ErrorCode, std::uint64_t> errors;
  std::uint64_t unanswered = 0;  // when the time for late answers was over

 private:
  void took(Sent sent, Time at) {
    if (window.holds(sent.due)) (sent.kind == Kind::read ? reads : writes).record(at - sent.due);
  }
};

}  // namespace muster::bench
