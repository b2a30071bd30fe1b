#include <muster/answer.h>

#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

using namespace muster;

TEST_CASE("the protocol's error codes are error_codes") {
  const error_code error = ErrorCode::no_node;
  CHECK(error == ErrorCode::no_node);
  CHECK(error != ErrorCode::no_auth);
  CHECK(error.message() == "node does not exist");
  CHECK(std::string(error.category().name()) == "muster");
  CHECK_FALSE(make_error_code(ErrorCode::ok));
  CHECK(make_error_code(ErrorCode::ok) == error_code());
}

TEST_CASE("some errors leave open whether a write was done") {
  for (const error_code error :
       {make_error_code(ErrorCode::connection_loss), make_error_code(ErrorCode::operation_timeout),
        make_error_code(ErrorCode::session_expired), make_error_code(ErrorCode::data_inconsistency),
        error_code(boost::asio::error::operation_aborted)})
    CHECK(is_outcome_unknown(error));
  for (const error_code error : {make_error_code(ErrorCode::closing), make_error_code(ErrorCode::no_node),
                                 make_error_code(ErrorCode::invalid_state), error_code()})
    CHECK_FALSE(is_outcome_unknown(error));
}
