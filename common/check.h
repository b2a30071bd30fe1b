// CHECK states what must hold here. It stays on in release: a server that is wrong about itself must stop, not serve.
// Include it in .cc files only: the tests' framework has a macro of the same name.
#pragma once

namespace muster {

// Prints one line with place, condition and message, then aborts the process.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, const char* message);

}  // namespace muster

#define CHECK(condition, message)                                      \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::muster::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)
