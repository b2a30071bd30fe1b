// Instances that register, take over, leave and die; and who looks for them.
#include <muster/recipes/registry.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "tests/client_suite/context.h"

namespace muster::suite {
namespace {

using recipes::Registration;
using recipes::ServiceDirectory;
using recipes::ServiceInstance;
using Loss = Registration::Loss;

ServiceInstance billing(const std::string& id, std::int32_t port) {
  return ServiceInstance("billing", id, "10.0.0.7", port);
}

// A process that registers, of a session of its own.
struct Process {
  explicit Process(Context& context, std::chrono::milliseconds session_timeout = 10s)
      : client(context.executor(), Case::config(session_timeout)) {}
  Registration enter(Context& context, const Case& c, const ServiceInstance& instance) const {
    return context.run(Registration::enter(client, c.base, instance));
  }
  Client client;
};

// "1:8080 2:8081": the instances' ids and ports.
std::string seen(const ServiceDirectory& directory) {
  std::string text;
  for (const ServiceInstance& instance : directory.instances()->all)
    text += (text.empty() ? "" : " ") + instance.id + ":" + std::to_string(*instance.port);
  return text;
}
void becomes(const ServiceDirectory& directory, const std::string& expected) {
  eventually(expected, [&] { return seen(directory) == expected; });
}

TEST_CASE("instances are found, with what they say of themselves, until they leave") {
  Case c;
  Context context;
  const Process one(context), two(context), finder(context);
  const ServiceDirectory directory(finder.client, c.base, "billing");
  CHECK(context.run(directory.newer())->all.empty());
  ServiceInstance instance = billing("1", 8080);
  instance.attributes = {{"zone", "b"}};
  instance.weight = 3;
  Registration first = one.enter(context, c, instance);
  std::optional<Registration> second = two.enter(context, c, billing("2", 8081));
  becomes(directory, "1:8080 2:8081");
  const ServiceInstance found = directory.instances()->all.front();
  CHECK(found.attributes == instance.attributes);
  CHECK(found.weight == 3);
  CHECK(found.registered_ms == good(c.other.linearizable().get(first.path())).stat.ctime);

  context.run(first.leave());
  becomes(directory, "2:8081");
  second.reset();
  becomes(directory, "");
  good(c.other.create(c.base + "/billing/junk", "junk"));
  eventually("junk is named", [&] { return directory.instances()->unreadable.size() == 1; });
}

TEST_CASE("an id that is not given is nobody else's") {
  Case c;
  Context context;
  const Process process(context);
  const Registration one = process.enter(context, c, billing("", 1));
  const Registration two = process.enter(context, c, billing("", 2));
  CHECK(one.instance().id.size() == 36);
  CHECK(one.instance().id != two.instance().id);
  CHECK_THROWS_AS(process.enter(context, c, ServiceInstance("a/b")), boost::system::system_error);
  CHECK_THROWS_AS(process.enter(context, c, ServiceInstance("a", "b/c")), boost::system::system_error);
}

TEST_CASE("the later of two processes of one name takes over, and nobody sees none") {
  Case c;
  Context context;
  const Process finder(context);
  const ServiceDirectory directory(finder.client, c.base, "billing");
  const Process first(context);
  std::vector<Registration> entries;
  entries.push_back(first.enter(context, c, billing("1", 8000)));
  auto state = context.run(directory.newer());
  while (state->all.empty()) state = context.run(directory.newer(state->revision));
  int none = 0;
  for (int port = 8001; port < 8020; ++port) {  // more than versions go round
    auto lost = context.begin(entries.back().lost());
    const Process process(context);
    entries.push_back(process.enter(context, c, billing("1", port)));
    CHECK(lost.get() == Loss::taken_over);
    while (*state->all.front().port != port) {
      state = context.run(directory.newer(state->revision));
      if (state->all.empty()) ++none;
      REQUIRE(none == 0);
    }
  }
  // The ends of all the former ones do not touch the entry of the last.
  auto lost = context.begin(entries.back().lost());
  for (std::size_t i = 0; i + 1 < entries.size(); i += 2) context.run(entries[i].leave());
  entries.erase(entries.begin(), entries.end() - 1);
  context.run(finder.client.async_sync("/", asio::use_awaitable));
  CHECK(seen(directory) == "1:8019");
  CHECK(lost.wait_for(0s) == std::future_status::timeout);
  good(c.other.remove(entries.back().path()));
  CHECK(lost.get() == Loss::removed);
}

TEST_CASE("a removal that was on its way when the next one took over does not hit it") {
  Case c;
  Context context;
  const Process old(context), young(context);
  const Registration entry = old.enter(context, c, billing("1", 1));
  const std::int32_t version = good(c.other.linearizable().get(entry.path())).stat.version;
  const Registration next = young.enter(context, c, billing("1", 2));
  CHECK(c.other.remove(entry.path(), version).error() == ErrorCode::bad_version);
}

TEST_CASE("who loses its session loses its entry, and is told before") {
  Case c;
  Context context;
  const Process process(context, 1s);
  const Registration entry = process.enter(context, c, billing("1", 8080));
  auto lost = context.begin(entry.lost());
  cut_all();
  REQUIRE(lost.wait_for(long_time) == std::future_status::ready);
  CHECK(lost.get() == Loss::session_over);
  CHECK(process.client.state() == SessionState::expired);
  eventually("the entry goes", [&] { return !good(c.other.linearizable().exists(entry.path())); });
}

TEST_CASE("an entry is ours also when the answer was lost") {
  Case c;
  Context context;
  const Process process(context);
  for (int round = 0; round < 4; ++round) {
    const std::string at = std::to_string(connected_server());
    order("hold_answers " + at);
    auto entered = context.begin(Registration::enter(process.client, c.base, billing("1", 8000 + round)));
    // Half of the rounds: when it has been done, as far as anybody can see.
    const std::string path = c.base + "/billing/1";
    if (round % 2 == 1)
      eventually("it is there", [&] { return good(c.other.linearizable().exists(path)).has_value(); });
    order("break " + at);
    order("pass " + at);
    REQUIRE(entered.wait_for(long_time) == std::future_status::ready);
    Registration entry = entered.get();
    CHECK(good(c.other.linearizable().get(path)).data == to_json(entry.instance()));
    context.run(entry.leave());
    CHECK(good(c.other.linearizable().exists(path)) == std::nullopt);
  }
}

TEST_CASE("who gives up entering leaves nothing behind") {
  Case c;
  Context context;
  const Process process(context);
  context.run(process.enter(context, c, billing("1", 1)).leave());
  const std::string at = std::to_string(connected_server());
  order("hold_answers " + at);
  asio::cancellation_signal signal;
  auto entered =
      asio::co_spawn(context.executor(), Registration::enter(process.client, c.base, billing("1", 2)),
                     asio::bind_cancellation_slot(signal.slot(), asio::use_future));
  asio::post(context.executor(), [&] { signal.emit(asio::cancellation_type::terminal); });
  CHECK(error_of(std::move(entered)) == asio::error::operation_aborted);
  order("break " + at);
  order("pass " + at);
  const Registration other = process.enter(context, c, billing("2", 2));  // behind the removal
  eventually("nothing is left", [&] { return !good(c.other.linearizable().exists(c.base + "/billing/1")); });
}

}  // namespace
}  // namespace muster::suite
