// Each operation, its errors, ACLs, transactions, the chroot.
#include "tests/client_suite/suite.h"

namespace muster::suite {
namespace {

TEST_CASE("nodes are made, read, changed and removed") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string path = c.base + "/a";
  const Created created = good(client.create(path, std::string("\0\xff", 2)));
  CHECK(created.path == path);
  CHECK(created.stat.version == 0);
  const Value value = good(client.get(path));
  CHECK(value.data == std::string("\0\xff", 2));
  CHECK(value.stat == created.stat);
  const Stat set = good(client.set(path, "two", 0));
  CHECK(set.version == 1);
  CHECK(set.mzxid > created.stat.mzxid);
  CHECK(good(client.exists(path)) == set);
  CHECK(good(client.children(c.base)).names == std::vector<std::string>{"a"});
  CHECK(good(client.count_descendants(c.base)) == 1);
  good(client.remove(path, 1));
  CHECK(good(client.exists(path)) == std::nullopt);
}

TEST_CASE("kinds of node") {
  Case c;
  const BlockingClient client = Case::connected();
  const auto make = [&](const std::string& name, CreateMode mode) {
    return good(client.create(c.base + "/" + name, "", mode));
  };
  CHECK(make("s-", CreateMode::sequential).path == c.base + "/s-0000000000");
  CHECK(make("s-", CreateMode::ephemeral_sequential).path == c.base + "/s-0000000001");
  CHECK(make("e", CreateMode::ephemeral).stat.ephemeral_owner == client.session_id());
  CHECK(make("c", CreateMode::container).path == c.base + "/c");
  CHECK(good(client.ephemerals(c.base)).size() == 2);
  CHECK(good(client.ephemerals(c.base + "/s")) == std::vector<std::string>{c.base + "/s-0000000001"});
  good(client.close());
  CHECK(good(c.other.linearizable().children(c.base)).names == std::vector<std::string>{"c", "s-0000000000"});
}

TEST_CASE("what is refused says why") {
  Case c;
  const BlockingClient client = Case::connected();
  const std::string parent = c.base + "/p", child = parent + "/c", missing = c.base + "/missing";
  good(client.create(parent, ""));
  good(client.create(child, ""));
  good(client.create(c.base + "/e", "", CreateMode::ephemeral));
  CHECK(client.create(parent, "").error() == ErrorCode::node_exists);
  CHECK(client.create(missing + "/x", "").error() == ErrorCode::no_node);
  CHECK(client.create(c.base + "/e/x", "").error() == ErrorCode::no_children_for_ephemerals);
  CHECK(client.create(missing, "", {CreateMode::persistent, {}}).error() == ErrorCode::invalid_acl);
  CHECK(client.get(missing).error() == ErrorCode::no_node);
  CHECK(client.children(missing).error() == ErrorCode::no_node);
  CHECK(client.get_acl(missing).error() == ErrorCode::no_node);
  CHECK(client.get_and_watch(missing).error() == ErrorCode::no_node);
  CHECK(client.set(missing, "").error() == ErrorCode::no_node);
  CHECK(client.set(parent, "", 7).error() == ErrorCode::bad_version);
  CHECK(client.remove(parent).error() == ErrorCode::not_empty);
  CHECK(client.remove(child, 7).error() == ErrorCode::bad_version);
  for (const char* malformed : {"", "a", "/a/", "//a", "/a/./b", "/a/../b"}) {
    INFO("path " << malformed);
    CHECK(client.get(malformed).error() == ErrorCode::bad_arguments);
    CHECK(client.create(malformed, "").error() == ErrorCode::bad_arguments);
  }
  good(client.sync(c.base));
}

TEST_CASE("a node belongs to whoever presented the credentials") {
  Case c;
  ClientConfig config = Case::config();
  config.credentials = {{"digest", "ann:secret"}};
  const BlockingClient ann = Case::connected(config);
  const std::string path = c.base + "/ann";
  good(ann.create(path, "hers", {CreateMode::persistent, creator_all_acl()}));
  CHECK(c.other.linearizable().get(path).error() == ErrorCode::no_auth);
  CHECK(c.other.set_acl(path, open_acl()).error() == ErrorCode::no_auth);

  const NodeAcl acl = good(ann.get_acl(path));
  CHECK(acl.acl == std::vector<Acl>{{perm::all, digest_id("ann", "secret")}});
  const std::vector<AuthId> ids = good(ann.who_am_i());
  CHECK(std::find(ids.begin(), ids.end(), AuthId{"digest", "ann"}) != ids.end());

  // On each new connection she is Ann again.
  order("break " + std::to_string(connected_server()));
  CHECK(good(ann.get(path)).data == "hers");
  CHECK(ann.set_acl(path, read_only_acl(), acl.stat.aversion + 1).error() == ErrorCode::bad_version);
  good(ann.set_acl(path, read_only_acl(), acl.stat.aversion));
  CHECK(good(c.other.linearizable().get(path)).data == "hers");
  CHECK(ann.set(path, "").error() == ErrorCode::no_auth);
}

TEST_CASE("an identity that is added later") {
  Case c;
  const BlockingClient bob = Case::connected();
  const std::string path = c.base + "/bob";
  good(c.other.create(path, "his", {CreateMode::persistent, {{perm::all, digest_id("bob", "secret")}}}));
  CHECK(bob.get(path).error() == ErrorCode::no_auth);
  good(bob.add_auth("digest", "bob:wrong"));
  CHECK(bob.get(path).error() == ErrorCode::no_auth);
  good(bob.add_auth("digest", "bob:secret"));
  CHECK(good(bob.get(path)).data == "his");
  order("break " + std::to_string(connected_server()));
  CHECK(good(bob.get(path)).data == "his");
}

TEST_CASE("a credential that is refused ends the session") {
  Case c;
  const BlockingClient client = Case::connected();
  CHECK(client.add_auth("no-such-scheme", "x").error() == ErrorCode::auth_failed);
  CHECK(client.get(c.base).error() == ErrorCode::auth_failed);
  CHECK(client.state() == SessionState::auth_failed);
}

TEST_CASE("a transaction is done as a whole") {
  Case c;
  const BlockingClient client = Case::connected();
  Transaction transaction;
  const auto made = transaction.create(c.base + "/s-", "x", CreateMode::sequential);
  transaction.check(c.base, 0);
  const auto set = transaction.set(c.base, "set");
  transaction.create(c.base + "/gone", "");
  transaction.remove(c.base + "/gone");
  const TransactionResult result = good(client.multi(transaction));
  CHECK(result[made].path == c.base + "/s-0000000000");
  CHECK(result[set].version == 1);
  CHECK_FALSE(result.failed_operation());
  CHECK(good(client.children(c.base)).names == std::vector<std::string>{"s-0000000000"});
  good(client.multi({}));
}

TEST_CASE("a transaction that fails does nothing and names its operation") {
  Case c;
  const BlockingClient client = Case::connected();
  Transaction transaction;
  transaction.create(c.base + "/a", "");
  transaction.check(c.base, 5);
  transaction.set(c.base, "set");
  std::optional<std::size_t> failed;
  CHECK(client.multi(transaction, &failed).error() == ErrorCode::bad_version);
  CHECK(failed == 1U);
  CHECK(good(client.exists(c.base + "/a")) == std::nullopt);
  CHECK(good(client.get(c.base)).data.empty());
}

TEST_CASE("reads of one moment, each with its own answer") {
  Case c;
  const BlockingClient client = Case::connected();
  good(client.create(c.base + "/a", "data"));
  ReadBatch batch;
  const auto a = batch.get(c.base + "/a");
  const auto missing = batch.get(c.base + "/missing");
  const auto names = batch.children(c.base);
  const ReadBatchResult result = good(client.multi_read(batch));
  CHECK(result[a].value().data == "data");
  CHECK(result[missing].error() == ErrorCode::no_node);
  CHECK(result[names].value() == std::vector<std::string>{"a"});
}

TEST_CASE("below a chroot, paths are seen without it") {
  Case c;
  ClientConfig config = Case::config();
  config.servers += c.base;
  const BlockingClient client = Case::connected(config);
  CHECK(good(client.create("/a", "data")).path == "/a");
  CHECK(good(c.other.linearizable().get(c.base + "/a")).data == "data");
  CHECK(good(client.children("/")).names == std::vector<std::string>{"a"});
  CHECK(good(client.create("/s-", "", CreateMode::ephemeral_sequential)).path == "/s-0000000001");
  CHECK(good(client.ephemerals("/")) == std::vector<std::string>{"/s-0000000001"});
  const BlockingWatchStream changes = good(client.watch("/", WatchMode::recursive));
  const auto [value, watch] = good(client.get_and_watch("/a"));
  good(c.other.set(c.base + "/a", "new"));
  CHECK(good(watch.next(long_time)) == WatchedEvent{EventType::data_changed, "/a"});
  CHECK(good(changes.next(long_time)) == WatchedEvent{EventType::data_changed, "/a"});
  Transaction transaction;
  const auto made = transaction.create("/t", "");
  CHECK(good(client.multi(transaction))[made].path == "/t");

  config.servers = Case::config().servers + c.base + "/missing";
  CHECK(Case::connected(config).create("/a", "").error() == ErrorCode::no_node);
}

}  // namespace
}  // namespace muster::suite
