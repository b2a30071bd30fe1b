// The four-letter words: the first bytes of a connection, and the texts made of what a server knows.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "server/frontend/four_letter_words.h"
#include "tests/fuzz/guard.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/server.h"

namespace muster::fuzz {
namespace {

std::int64_t any(Input& input) { return static_cast<std::int64_t>(input.number(8)); }
SessionId session(Input& input) { return SessionId{any(input)}; }

std::vector<frontend::SessionLine> sessions(Input& input) {
  std::vector<frontend::SessionLine> lines(input.pick(4));
  for (frontend::SessionLine& line : lines)
    line = {session(input), static_cast<std::int32_t>(input.number(4)), any(input)};
  return lines;
}

frontend::Counters counters(Input& input) {
  frontend::Counters counters;
  for (std::size_t left = input.pick(4); left > 0; --left) counters.latency.add(any(input) / 256);
  return counters;
}

frontend::ServerView view(Input& input) {
  static constexpr const char* modes[] = {"", "standalone", "leader", "follower", "observer"};
  frontend::ServerView view;
  view.mode = modes[input.pick(5)];
  view.self = ServerId{static_cast<std::int32_t>(input.byte())};
  view.uptime_ms = any(input);
  view.connections = input.number(8);
  view.voters = input.byte();
  view.votes = input.flag();
  view.applied = Zxid{any(input)};
  view.counters = counters(input);
  view.followers.learners = input.byte();
  view.tick_ms = static_cast<std::int32_t>(input.number(4));
  view.data_dir = input.text();
  view.disk_bytes = any(input);
  for (std::size_t left = input.pick(3); left > 0; --left)
    view.members.push_back({ServerId{static_cast<std::int32_t>(input.byte())}, input.flag()});
  if (input.flag())
    view.places[ServerId{1}] = {input.text(), static_cast<std::uint16_t>(input.number(2)), input.text()};
  for (std::size_t left = input.pick(3); left > 0; --left)
    view.environment.push_back({input.text(), input.text()});
  for (std::size_t left = input.pick(3); left > 0; --left) {
    frontend::ClientLine client;
    client.address = input.text();
    client.in_flight = input.byte();
    client.session = session(input);
    client.opened_ms = any(input);
    view.clients.push_back(std::move(client));
  }
  view.sessions_by_expiry = sessions(input);
  view.sessions_by_id = sessions(input);
  for (std::size_t left = input.pick(3); left > 0; --left)
    view.ephemerals_by_session.push_back({session(input), {input.text()}});
  for (std::size_t left = input.pick(3); left > 0; --left)
    view.watches_by_path.push_back({input.text(), session(input)});
  return view;
}

// What the words' own functions say.
void ask_directly(Input& input, const std::string& whitelist) {
  const frontend::ServerView server = view(input);
  const std::string word = input.text();
  const std::string answer = frontend::answer_word(word, whitelist, server);
  const bool executed = frontend::is_executed(word, whitelist, !server.mode.empty());
  require(executed || !answer.empty(), "a refusal says why");
  require(!executed || !whitelist.empty(), "what is not listed is not executed");
  require(!executed || frontend::is_four_letter_word(word), "what is no word is not executed");
}

// The same through a connection: a word is answered with text and the end, in whatever pieces it came.
void ask_server(Input& input, const std::string& whitelist) {
  node::NodeConfig config;
  config.four_letter_words = whitelist;
  Server server(1, input.flag() ? 1 : 3, config);
  const auto nobody = [](const auto&) {};
  if (input.flag()) server.pass(4000);
  server.turn(nobody, nobody);

  const std::string bytes = input.text();
  const std::size_t piece = 1 + input.pick(8);
  server.input([](node::Node& node, Now now) { node.client_opened(now, 1, "127.0.0.1"); });
  std::size_t given = 0;
  for (std::string_view left = bytes; !left.empty(); left.remove_prefix(std::min(piece, left.size()))) {
    given += piece;
    const Budget budget(given);
    server.input([&](node::Node& node, Now now) { node.client_bytes(now, 1, left.substr(0, piece)); });
  }
  bool closed = false;
  server.turn(
      [&](const node::ClientWrite& write) {
        require(!closed, "nothing follows the end");
        closed = write.close;
      },
      nobody);
  if (bytes.size() < 4 || !frontend::is_four_letter_word(std::string_view(bytes).substr(0, 4))) return;
  require(closed, "a word is answered, and then the connection ends");
}

}  // namespace
}  // namespace muster::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  muster::fuzz::Input input(data, size);
  const std::string whitelist = input.flag() ? "*" : input.text();
  if (input.flag()) {
    muster::fuzz::ask_directly(input, whitelist);
  } else {
    muster::fuzz::ask_server(input, whitelist);
  }
  return 0;
}
