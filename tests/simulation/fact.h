// The name of one kind of thing that happens in a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster::simulation {

// The name of what happened: its hash is known when it is compiled.
struct Fact {
  std::string_view name;
  std::uint64_t hash;
  template <std::size_t n>
  constexpr Fact(const char (&text)[n])  // NOLINT(google-explicit-constructor): reads as the name
      : Fact(std::string_view(text, n - 1)) {}
  constexpr explicit Fact(std::string_view text) : name(text), hash(0xcbf29ce484222325ULL) {
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
};

}  // namespace muster::simulation
