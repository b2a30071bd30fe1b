// Counts what the program allocates. For one file of a program, of those that are not built with a sanitizer.
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace muster::test {

inline std::size_t allocations = 0;
inline std::size_t allocated_bytes = 0;
inline std::ptrdiff_t held_bytes = 0;  // not given back, with what the allocator adds

inline std::ptrdiff_t block_size(void* memory) {
  constexpr std::size_t header = 8;
  return memory == nullptr ? 0 : static_cast<std::ptrdiff_t>(::malloc_usable_size(memory) + header);
}

inline void* allocate(std::size_t size) noexcept {
  ++allocations;
  allocated_bytes += size;
  void* memory = std::malloc(size);
  held_bytes += block_size(memory);
  return memory;
}

inline void give_back(void* memory) noexcept {
  held_bytes -= block_size(memory);
  std::free(memory);
}

}  // namespace muster::test

[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = muster::test::allocate(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  return muster::test::allocate(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { muster::test::give_back(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  muster::test::give_back(memory);
}
