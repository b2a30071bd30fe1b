// ErrorCode (the codes of ZooKeeper's protocol, errors.h) as boost::system::error_code, which every operation reports:
//
//   if (error == muster::ErrorCode::no_node) …
//   log(error.message());                            // "node does not exist"
//
// What a program sees besides the servers' own verdicts (no_node, bad_version, no_auth, …):
//   bad_arguments      the arguments can't be sent: a malformed path, too long a time to live
//   operation_timeout  the time given by with_timeout() or connect_timeout has passed, or the servers' disks have no room for a write
//   connection_loss    the connection broke while a write was in flight, and no server remembers what became of it
//   data_inconsistency a write was sent again and its outcome was no longer remembered
//   invalid_state      max_waiting requests wait already
//   session_expired, closing, auth_failed   the session is over, for good
//   marshalling_error  a request that the server, or an answer that we could not read
// and boost::asio::error::operation_aborted when the caller cancelled it.
#pragma once

#include <muster/errors.h>

#include <boost/system/error_code.hpp>
#include <type_traits>

namespace muster {

using boost::system::error_code;

// Its name is "muster"; its messages are those of describe().
[[nodiscard]] const boost::system::error_category& error_category() noexcept;

// ErrorCode::ok is the error_code that is no error.
[[nodiscard]] inline error_code make_error_code(ErrorCode code) noexcept {
  return code == ErrorCode::ok ? error_code{} : error_code{static_cast<int>(code), error_category()};
}

// True if a *write* that failed with this may nevertheless have been done, or may still be done: connection_loss,
// data_inconsistency, session_expired, operation_timeout, operation_aborted. Look before you try again. Any other error
// says that nothing was done.
[[nodiscard]] bool is_outcome_unknown(const error_code& error) noexcept;

}  // namespace muster

template <>
struct boost::system::is_error_code_enum<muster::ErrorCode> : std::true_type {};
