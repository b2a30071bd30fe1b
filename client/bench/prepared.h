// A request that was encoded once: each use copies its bytes and fills in the xid and a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/requests.h"

namespace muster::bench {

class Prepared {
 public:
  // Where it stands in the request's paths, each use writes its number, with leading zeros.
  static constexpr std::string_view mark = "##########";

  explicit Prepared(const wire::Request& request);
  void append(std::string& out, Xid xid, std::uint64_t number) const;

 private:
  std::string frame_;
  std::vector<std::size_t> marks_;
};

// The path with the number in the mark's place.
[[nodiscard]] std::string fill(std::string path, std::uint64_t number);

}  // namespace muster::bench
