// What a blocking call gives: the value, or the error. value() throws boost::system::system_error where the caller did
// not ask first.
#pragma once

#include <muster/error.h>

#include <boost/system/result.hpp>

namespace muster {

template <class T>
using Answer = boost::system::result<T, error_code>;

}  // namespace muster
