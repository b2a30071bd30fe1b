#include <muster/recipes/counter.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace muster;

TEST_CASE("two names are never the same") {
  asio::io_context io;
  const Client client(io.get_executor(), {});
  const std::string one = client.make_guid(), other = client.make_guid();
  CHECK(one != other);
  CHECK(one.size() == 36);
  CHECK(one[14] == '4');
}
