// A value, or one sentence that says what went wrong and what to do.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace muster {

struct Error {
  std::string message;
};

// Lets Result<T>::value() throw where the caller did not ask first.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.message);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace muster
