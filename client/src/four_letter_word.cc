#include "client/src/four_letter_word.h"

#include <boost/asio/ip/tcp.hpp>
#include <iterator>
#include <utility>

namespace muster::client {

Result<std::string> ask_word(const Host& host, std::string_view word, std::chrono::milliseconds limit) {
  boost::asio::ip::tcp::iostream stream;
  stream.expires_after(limit);
  stream.connect(host.name, host.port);
  if (!stream) return Error{stream.error().message()};
  stream << word << std::flush;
  std::string answer{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (answer.empty() && stream.error()) return Error{stream.error().message()};
  return {boost::system::in_place_value, std::move(answer)};
}

}  // namespace muster::client
