// A configuration that several processes edit and follow.
#include <muster/recipes/configuration.h>

#include "tests/client_suite/context.h"

namespace muster::suite {
namespace {

using recipes::ConfigChange;
using recipes::Configuration;
using recipes::ConfigurationOptions;
using recipes::ConfigView;
using recipes::Edit;
using recipes::Setting;
using Texts = ConfigChange::Texts;

const Setting<int> size{"size", 8, [](int n) { return n > 0 ? "" : "must be above 0"; }};
const Setting<std::string> colour{"colour", "grey"};

struct Editor {
  Editor(Context& in, const Case& c, const std::string& who, std::int64_t history = 1000)
      : context(in),
        client(in.executor(), Case::config()),
        config(client, c.base + "/config", options(who, history)) {}
  static ConfigurationOptions options(const std::string& who, std::int64_t history) {
    ConfigurationOptions all;
    all.who = who;
    all.rules = {size, colour};
    all.history = history;
    return all;
  }
  // The view that obeys, once it does.
  ConfigView sees(const std::function<bool(const ConfigView&)>& obeys) const {
    ConfigView view = context.run(config.newer());
    while (!obeys(view)) view = context.run(config.newer(view.revision()));
    return view;
  }
  ConfigView sees_size(int expected) const {
    return sees([&](const ConfigView& view) { return view[size] == expected; });
  }
  ConfigChange edit(const ConfigView& view, const Edit& edit) const {
    return context.run(config.edit(view, edit));
  }
  Context& context;
  Client client;
  Configuration config;
};

TEST_CASE("a value is edited, and all see it") {
  Case c;
  Context context;
  const Editor ann(context, c, "ann"), bob(context, c, "bob");
  ConfigView view = context.run(ann.config.newer());
  CHECK(view[size] == 8);
  CHECK(view.keys().empty());
  // The directories that are made for the first edit are no change of a value.
  auto next = context.begin(ann.config.newer(view.revision()));
  const ConfigChange change = ann.edit(view, Edit("more load").set(size, 16).set(colour, "green"));
  CHECK(change.number == 1);
  CHECK(next.get()[size] == 16);
  view = bob.sees_size(16);
  CHECK(view[colour] == "green");
  CHECK(good(c.other.linearizable().get(c.base + "/config/values/size")).data == "16");
  bob.edit(view, Edit("less").set(size, 4).unset("colour"));
  CHECK(ann.sees_size(4)[colour] == "grey");

  const std::vector<ConfigChange> history = context.run(ann.config.history());
  REQUIRE(history.size() == 2);
  CHECK(history[0].number == 2);
  CHECK(history[0].who == "bob");
  CHECK(history[0].comment == "less");
  CHECK(history[0].keys == std::map<std::string, Texts>{{"size", {"16", "4"}}, {"colour", {"green", {}}}});
  CHECK(history[1].who == "ann");
  CHECK(history[1].keys == std::map<std::string, Texts>{{"size", {{}, "16"}}, {"colour", {{}, "green"}}});
  CHECK(history[1].when_ms == change.when_ms);
  CHECK(history[0].when_ms >= history[1].when_ms);
  CHECK(context.run(ann.config.history(1)).size() == 1);
}

TEST_CASE("an edit is refused if what it builds on has changed") {
  Case c;
  Context context;
  const Editor ann(context, c, "ann"), bob(context, c, "bob");
  const ConfigView old = context.run(ann.config.newer());
  ann.edit(old, Edit().set(size, 1));
  const auto refused = [&](const ConfigView& view, const Edit& edit) {
    return error_of(context.begin(bob.config.edit(view, edit))) == ErrorCode::bad_version;
  };
  CHECK(refused(old, Edit().set(size, 2)));
  CHECK(refused(old, Edit().set(colour, "red").require("size")));
  ConfigView view = bob.sees_size(1);
  bob.edit(old, Edit().set(colour, "red"));  // builds on nothing that has changed
  bob.edit(view, Edit().unset("size"));
  ann.edit(old, Edit().set(size, 1));
  CHECK(refused(view, Edit().set(size, 2)));  // the same text and version, and yet another life
  CHECK(context.run(ann.config.history()).size() == 4);
}

TEST_CASE("what breaks a rule is neither stored nor adopted") {
  Case c;
  Context context;
  const Editor ann(context, c, "ann");
  ConfigView view = context.run(ann.config.newer());
  CHECK_THROWS_WITH(ann.edit(view, Edit().set(size, 0)), "size: must be above 0");
  CHECK_THROWS_WITH(ann.edit(view, Edit().set("size", "many")),
                    "size: \"many\" is not a whole number in its range");
  CHECK_THROWS_WITH(ann.edit(view, Edit().set("hue", "x")), "there is no setting \"hue\"");
  CHECK_THROWS_AS(ann.edit(view, Edit().set("a/b", "x")), std::invalid_argument);
  ann.edit(view, Edit().set(size, 3).set(colour, "red"));
  view = ann.sees_size(3);
  // Another program, which knows no rules.
  good(c.other.set(c.base + "/config/values/size", "-1"));
  good(c.other.set(c.base + "/config/values/colour", "blue"));
  eventually("it is noticed", [&] { return !ann.config.rejected().empty(); });
  CHECK(ann.config.rejected() == "size: must be above 0");
  CHECK(ann.config.view()[size] == 3);
  CHECK(ann.config.view()[colour] == "red");
  good(c.other.set(c.base + "/config/values/size", "5"));
  CHECK(ann.sees_size(5)[colour] == "blue");
  CHECK(ann.config.rejected().empty());
}

TEST_CASE("all goes back to how it was after a change") {
  Case c;
  Context context;
  const Editor ann(context, c, "ann");
  ConfigView view = context.run(ann.config.newer());
  for (int n = 1; n <= 3; ++n) {
    ann.edit(view, Edit().set(size, n));
    view = ann.sees_size(n);
  }
  ann.edit(view, Edit().set(colour, "red"));
  CHECK(error_of(context.begin(ann.config.roll_back(5))) == ErrorCode::bad_arguments);
  const ConfigChange back = context.run(ann.config.roll_back(2));
  CHECK(back.number == 5);
  CHECK(back.comment == "back to 2");
  CHECK(back.keys == std::map<std::string, Texts>{{"size", {"3", "2"}}, {"colour", {"red", {}}}});
  CHECK(ann.sees_size(2)[colour] == "grey");
  context.run(ann.config.roll_back(4, "no, it was good"));
  CHECK(ann.sees_size(3)[colour] == "red");
  context.run(ann.config.roll_back(0));
  CHECK(ann.sees_size(8).keys().empty());
}

TEST_CASE("the history ends where it should") {
  Case c;
  Context context;
  const Editor ann(context, c, "ann", 3);
  ConfigView view = context.run(ann.config.newer());
  for (int n = 1; n <= 6; ++n) {
    ann.edit(view, Edit().set(size, n));
    view = ann.sees_size(n);
  }
  CHECK(good(c.other.linearizable().children(c.base + "/config/history")).names ==
        std::vector<std::string>{"0000000004", "0000000005", "0000000006"});
  CHECK(error_of(context.begin(ann.config.roll_back(2))) == ErrorCode::no_node);
  context.run(ann.config.roll_back(3));
  CHECK(ann.sees_size(3)[size] == 3);
}

// Each edit adds one; some answers are lost.
asio::awaitable<void> add(const Editor& editor, int times) {
  ConfigView view = co_await editor.config.newer();
  while (times > 0) {
    error_code failed;
    try {
      Edit edit;
      edit.set(size, view[size] + 1);
      co_await editor.config.edit(view, edit);
      --times;
    } catch (const boost::system::system_error& failure) {
      failed = failure.code();
    }
    if (failed && failed != ErrorCode::bad_version) throw boost::system::system_error(failed);
    view = co_await editor.config.newer(view.revision());
  }
}

TEST_CASE("edits of several processes are each made once, whatever breaks") {
  Case c;
  Context context;
  std::vector<std::unique_ptr<Editor>> editors;
  std::vector<std::future<void>> running;
  for (const char* who : {"ann", "bob", "cat"}) editors.push_back(std::make_unique<Editor>(context, c, who));
  for (const auto& editor : editors) running.push_back(context.begin(add(*editor, 20)));
  for (int round = 0; round < 4; ++round) {
    const std::string at = std::to_string(round % 3 + 1);
    order("hold_answers " + at);
    std::this_thread::sleep_for(50ms);  // whatever is asked meanwhile is done, and nobody is told
    order("break " + at);
    order("pass " + at);
  }
  for (auto& future : running) CHECK(error_of(std::move(future)) == error_code());
  CHECK(good(c.other.linearizable().get(c.base + "/config/values/size")).data == "68");
  std::vector<ConfigChange> history = context.run(editors.front()->config.history());
  REQUIRE(history.size() == 60);
  for (int n = 60; n >= 1; --n) {
    const ConfigChange& change = history[static_cast<std::size_t>(60 - n)];
    CHECK(change.number == n);
    CHECK(change.keys.at("size").after == std::to_string(8 + n));
  }
}

}  // namespace
}  // namespace muster::suite
