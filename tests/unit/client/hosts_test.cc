// Which server is tried next, and who moves when their list changes.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "client/src/host_order.h"
#include "story.h"

using namespace muster;
using namespace muster::client;

namespace {

// Of many clients, evenly connected to servers 0 … before - 1: how many are on each server after the list has become
// `hosts`.
std::map<HostId, int> load_after(std::size_t before, const std::vector<HostId>& hosts) {
  std::map<HostId, int> load;
  for (std::uint64_t seed = 0; seed < 12'000; ++seed) {
    HostOrder order(before, Random(seed));
    const HostId current = seed % before;
    ++load[order.replace(hosts, current) ? order.next() : current];
  }
  return load;
}

void check_even(const std::map<HostId, int>& load, const std::vector<HostId>& hosts) {
  CHECK(load.size() == hosts.size());
  const double even = 12'000.0 / static_cast<double>(hosts.size());
  for (const HostId host : hosts) {
    INFO("host " << host);
    REQUIRE(load.count(host) == 1);
    CHECK(load.at(host) == Approx(even).epsilon(0.06));
  }
}

}  // namespace

TEST_CASE("each host is tried once in a round") {
  HostOrder order(4, Random(3));
  for (int round = 0; round < 3; ++round) {
    std::set<HostId> tried;
    for (int i = 0; i < 4; ++i) tried.insert(order.next());
    CHECK(tried.size() == 4);
  }
  order.prefer(2);
  CHECK(order.next() == 2);
}

TEST_CASE("the same list again moves one who has not yet left a server that is no more in it") {
  HostOrder order(2, Random(1));
  CHECK(order.replace({1}, HostId{0}));
  CHECK(order.replace({1}, HostId{0}));
  CHECK(order.next() == 1);
}

TEST_CASE("after a change of the list the load is even") {
  for (const std::vector<HostId>& hosts :
       std::vector<std::vector<HostId>>{{0, 1, 2, 3, 4},  // grown
                                        {0, 1, 3, 4, 5},  // grown, and one replaced
                                        {0, 3},           // replaced and shrunk
                                        {0, 1},           // shrunk
                                        {3, 4, 5},        // all replaced
                                        {0, 1, 2}}) {
    check_even(load_after(3, hosts), hosts);
  }
}

TEST_CASE("without a connection a change of the list moves nobody") {
  HostOrder order(3, Random(1));
  CHECK_FALSE(order.replace({7}, std::nullopt));
  CHECK(order.next() == 7);
}

TEST_CASE("a session whose server is gone from the list finishes what is in flight, then moves") {
  Story story;
  story.begin();
  story.submit(wire::SetDataRequest{"/a", "v", -1});
  CHECK(story.replace_hosts({5}) == "");
  CHECK(story.submit(wire::GetDataRequest{"/a", false}) == "");
  CHECK(story.reply(1, 1, wire::StatReply{}) == "done 1 ok | disconnect | connecting | connect 5");
  story.connected();
  CHECK(story.welcome(seven()) == "connected | 2 get /a");
}

TEST_CASE("a session that may stay does") {
  Story story;
  story.begin();
  CHECK(story.replace_hosts({0}) == "");
  CHECK(story.session.is_connected());
}

TEST_CASE("an attempt at a server that is gone from the list is given up") {
  Story story;
  CHECK(story.wait() == "connect 0");
  CHECK(story.replace_hosts({5}) == "disconnect | connect 5");
  Story resting;
  resting.wait();
  resting.lost();
  CHECK(resting.replace_hosts({5}) == "");
  CHECK(resting.wait() == "connect 5");
}
