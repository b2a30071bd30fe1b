// The znodes of a measurement: one root with keys, or with folders for what comes and goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "client/bench/loop.h"
#include "client/bench/options.h"

namespace muster::bench {

class Znodes {
 public:
  // `name` makes the root unlike that of any other measurement.
  Znodes(const std::string& chroot, const std::string& name, const Options& options);

  [[nodiscard]] const std::string& root() const { return root_; }
  // With Prepared::mark in it.
  [[nodiscard]] std::string key() const { return root_ + "/k" + std::string(Prepared::mark); }
  [[nodiscard]] std::string folder() const { return root_ + "/d" + std::string(Prepared::mark); }

  // Creates the root and the keys or the folder that the workload wants.
  void make(Loop& loop) const;
  // Deletes all that is there, through the loop's first connection.
  void remove(Loop& loop) const;

 private:
  [[nodiscard]] std::size_t batch() const;
  void remove_below(Loop& loop, const std::string& path) const;

  std::string root_, data_;
  std::size_t keys_ = 0, folders_ = 0;
};

[[nodiscard]] wire::CreateRequest creation(std::string path, std::string data, std::int32_t flags);

}  // namespace muster::bench
