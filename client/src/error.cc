#include <muster/error.h>

#include <boost/asio/error.hpp>

namespace muster {
namespace {

class Category : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "muster"; }
  [[nodiscard]] std::string message(int value) const override {
    return std::string(describe(static_cast<ErrorCode>(value)));
  }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

bool is_outcome_unknown(const error_code& error) noexcept {
  return error == ErrorCode::connection_loss || error == ErrorCode::data_inconsistency ||
         error == ErrorCode::session_expired || error == ErrorCode::operation_timeout ||
         error == boost::asio::error::operation_aborted;
}

}  // namespace muster
