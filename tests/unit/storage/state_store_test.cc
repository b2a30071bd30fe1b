// The promises of state_store.h, asked of the store in LevelDB (on a disk in memory) and of the simulator's.
#include <catch2/catch.hpp>

#include "common/random.h"
#include "tests/unit/storage/store_fixture.h"

namespace muster::storage {
namespace {

const std::vector<tree::Record> first_records{{"Sa", "1"}, {"Za", "1"}, {"Zb", "1"}, {"Zc", "1"}};
const Contents first_contents{{"Sa", "1"}, {"Za", "1"}, {"Zb", "1"}, {"Zc", "1"}};

template <class Test>
void on_both(Test test) {
  SECTION("in LevelDB") {
    LevelDbOnDisk store;
    test(store);
  }
  SECTION("in memory") {
    InMemory store;
    test(store);
  }
}

}  // namespace

TEST_CASE("a new store has no checkpoint") {
  on_both([](auto& store) {
    CHECK_FALSE(store->current());
    CHECK_FALSE(store->clean());
  });
}

TEST_CASE("what is published is read in the order of its keys, also after it was opened again") {
  on_both([](auto& store) {
    clean_all(*store);
    CHECK(store->put(1, {{"Zb", "1"}, {"Za", "1"}}));
    CHECK(store->put(1, {{"Zc", "1"}, {"Sa", "1"}}));
    CHECK_FALSE(store->current());
    store->publish(1, "meta 1");
    for (int i = 0; i < 2; ++i) {
      CHECK(store->current()->number == 1);
      CHECK(store->current()->meta == "meta 1");
      CHECK(contents_of(*store) == first_contents);
      CHECK(store->view()->meta() == "meta 1");
      store.reopen();
    }
  });
}

TEST_CASE("a view is read in bounded parts") {
  on_both([](auto& store) {
    publish(*store, 1, first_records);
    const auto view = store->view();
    int parts = 0;
    for (auto part = view->next(3); !part.empty(); part = view->next(3), ++parts) CHECK(part.size() == 1);
    CHECK(parts == 4);
    CHECK(view->next(3).empty());
  });
}

TEST_CASE("a later checkpoint replaces, removes and adds") {
  on_both([](auto& store) {
    publish(*store, 1, first_records);
    publish(*store, 2, {{"Za", "2"}, {"Zb", ""}, {"Zd", "2"}});
    const Contents expected{{"Sa", "1"}, {"Za", "2"}, {"Zc", "1"}, {"Zd", "2"}};
    for (int i = 0; i < 2; ++i) {
      CHECK(contents_of(*store) == expected);
      clean_all(*store);
      CHECK(contents_of(*store) == expected);
      store.reopen();
    }
    CHECK(store.versions() == 4);
  });
}

TEST_CASE("what is put and not published is not seen, and gone after the next start") {
  on_both([](auto& store) {
    publish(*store, 1, first_records);
    clean_all(*store);
    CHECK(store->put(2, {{"Za", "2"}, {"Zb", ""}, {"Zx", "2"}}));
    CHECK(contents_of(*store) == first_contents);
    store.reopen();
    CHECK(contents_of(*store) == first_contents);
    clean_all(*store);
    CHECK(store.versions() == 4);
    publish(*store, 2, {{"Zd", "2"}});  // the same number, other records
    CHECK(contents_of(*store).count("Zx") == 0);
    CHECK(contents_of(*store).at("Za") == "1");
  });
}

TEST_CASE("of a key that is put twice the last counts") {
  on_both([](auto& store) {
    publish(*store, 1, {{"Za", ""}, {"Za", "1"}, {"Zb", "1"}, {"Zb", ""}});
    CHECK(contents_of(*store) == Contents{{"Za", "1"}});
  });
}

TEST_CASE("a view stays as it was while checkpoints are made and cleaned") {
  on_both([](auto& store) {
    publish(*store, 1, first_records);
    const auto view = store->view();
    CHECK(view->next(1).size() == 1);
    publish(*store, 2, {{"Za", "2"}, {"Zb", ""}, {"Zc", ""}});
    clean_all(*store);
    Contents rest = read_all(*view);
    CHECK(rest == Contents{{"Za", "1"}, {"Zb", "1"}, {"Zc", "1"}});
  });
}

TEST_CASE("a store that is thrown away is a new one") {
  on_both([](auto& store) {
    publish(*store, 7, first_records);
    store->discard();
    for (int i = 0; i < 2; ++i) {
      CHECK_FALSE(store->current());
      store.reopen();
    }
    publish(*store, 1, {{"Za", "x"}});
    CHECK(contents_of(*store) == Contents{{"Za", "x"}});
  });
}

TEST_CASE("an installed state takes the place of the store in one step") {
  on_both([](auto& store) {
    publish(*store, 3, first_records);
    {
      const auto installer = store->install();
      CHECK(installer->put({{"Za", "new"}}));
      CHECK(contents_of(*store) == first_contents);
      CHECK(installer->put({{"Zn", "new"}}));
      installer->finish(9, "installed");
    }
    for (int i = 0; i < 2; ++i) {
      CHECK(store->current()->number == 9);
      CHECK(store->current()->meta == "installed");
      CHECK(contents_of(*store) == Contents{{"Za", "new"}, {"Zn", "new"}});
      store.reopen();
    }
    publish(*store, 10, {{"Za", ""}});
    CHECK(contents_of(*store) == Contents{{"Zn", "new"}});
  });
}

TEST_CASE("a state that was not received to its end leaves nothing") {
  on_both([](auto& store) {
    publish(*store, 1, first_records);
    CHECK(store->install()->put({{"Za", "half"}}));
    CHECK(contents_of(*store) == first_contents);
    const auto installer = store->install();
    CHECK(installer->put({{"Zb", "whole"}}));
    installer->finish(2, "");
    CHECK(contents_of(*store) == Contents{{"Zb", "whole"}});
  });
}

TEST_CASE("a checkpoint of many batches and many versions") {
  on_both([](auto& store) {
    Random random(5);
    Contents expected;
    for (std::uint64_t number = 1; number <= 12; ++number) {
      clean_all(*store);
      for (int batch = 0; batch < 20; ++batch) {
        std::vector<tree::Record> records;
        for (int i = 0; i < 20; ++i) {
          const std::string key = "Z" + std::to_string(1000 + random.below(2000));
          const std::string value =
              random.chance(1, 4) ? "" : std::to_string(number) + std::string(random.below(200), 'x');
          records.push_back({key, value});
          if (value.empty())
            expected.erase(key);
          else
            expected[key] = value;
        }
        REQUIRE(store->put(number, records));
      }
      store->publish(number, "");
      REQUIRE(contents_of(*store) == expected);
      if (number % 4 == 0) store.reopen();
      REQUIRE(contents_of(*store) == expected);
    }
    clean_all(*store);
    CHECK(store.versions() == expected.size());
  });
}

}  // namespace muster::storage
