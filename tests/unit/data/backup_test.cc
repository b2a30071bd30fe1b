// A backup's file: whatever happens to it is found, and said in one sentence. And what a server starts from after a restore.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/data/restore.h"
#include "server/node/checkpoint.h"
#include "server/tree/checkpoint_source.h"

using namespace muster;
using namespace muster::data;

namespace {

struct Folder {
  std::string path = "/tmp/muster-backup-XXXXXX";
  Folder() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~Folder() { std::filesystem::remove_all(path); }
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// A session with an ephemeral node, and two nodes that stay.
tree::Tree example() {
  tree::Tree tree;
  tree::Command open;
  open.operation = tree::OpenSession{ServerId{1}, 10'000, 5};
  const SessionId session = tree.apply({Zxid{1}, 5000, 1}, open).session->session;
  std::int64_t zxid = 1;
  const auto create = [&](const std::string& path, std::int32_t flags) {
    tree::Command command;
    command.session = session;
    command.owner = Zxid{1};
    command.xid = Xid{static_cast<std::int32_t>(zxid)};
    command.operation = wire::CreateRequest{wire::OpCode::create, path, "data", open_acl(), flags, 0};
    REQUIRE(tree.apply({Zxid{++zxid}, 5000, 1}, command).reply.error == ErrorCode::ok);
  };
  create("/a", 0);
  create("/a/b", 0);
  create("/a/mine", wire::create_flags::ephemeral);
  return tree;
}

BackupHeader header_of(const tree::Tree& tree) {
  return {std::string(16, 'c'), tree.applied(), Epoch{3}, tree.digest(), 1'700'000'000'000, "1.2.3",
          std::string(32, 's')};
}

void write(const std::string& path, tree::Tree tree) {
  BackupWriter writer(path, header_of(tree));
  tree::CheckpointSource source(tree);
  source.begin();
  std::vector<tree::Record> all;
  for (bool last = false; !last;) {
    tree::CheckpointSource::Part part = source.next(1000);
    last = part.last;
    all.insert(all.end(), part.records.begin(), part.records.end());
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  for (const tree::Record& record : all) writer.add({record});
  writer.finish();
}

std::string complaint(const std::string& path) {
  try {
    (void)load_backup(path);
  } catch (const Bad& bad) {
    return bad.what();
  }
  return "";
}

NewServer one_of_three(const std::string& directory, std::int32_t self, const std::string& name = "new") {
  return {ServerId{self}, {{{ServerId{1}, true}, {ServerId{2}, true}, {ServerId{3}, true}}}, directory, name};
}

}  // namespace

TEST_CASE("a backup comes back as it was written, and replaces an older one") {
  const Folder folder;
  const std::string path = folder.path + "/backup";
  put(path, "something older");
  write(path, example());
  const LoadedBackup backup = load_backup(path);
  CHECK(backup.header == header_of(example()));
  CHECK(backup.tree.stat("/a/mine"));
  CHECK(backup.file_bytes == std::filesystem::file_size(path));
  CHECK_THAT(describe(backup), Catch::Contains("7 znodes") && Catch::Contains("1 sessions") &&
                                   Catch::Contains("their 1 ephemeral") && Catch::Contains("2023-11-14"));
  CHECK_FALSE(std::filesystem::exists(path + ".partial"));
}

TEST_CASE("every truncation and every changed byte of a backup is refused in one sentence") {
  const Folder folder;
  const std::string path = folder.path + "/backup";
  write(path, example());
  const std::string good = bytes_of(path);
  for (std::size_t size = 0; size < good.size(); ++size) {
    put(path, good.substr(0, size));
    CHECK_THAT(complaint(path), Catch::Contains(size < 8 ? "is no backup" : "is cut off after"));
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    put(path, changed);
    CHECK_FALSE(complaint(path).empty());
  }
  put(path, good + "x");
  CHECK_THAT(complaint(path), Catch::Contains("is damaged"));
  CHECK_THAT(complaint(folder.path + "/none"), Catch::Contains("can't be read"));
}

TEST_CASE("a backup that was not finished, or holds another state than it says, leaves nothing") {
  const Folder folder;
  const std::string path = folder.path + "/backup";
  { const BackupWriter writer(path, header_of(example())); }
  {
    BackupWriter writer(path, header_of(example()));
    CHECK_THROWS_WITH(writer.finish(), Catch::Contains("another state"));
  }
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK_THROWS_WITH(BackupWriter(folder.path + "/no/where", header_of(example())),
                    Catch::Contains("can't be created"));
}

TEST_CASE("a restored server starts with the state, without sessions, above every zxid of the old ensemble") {
  const Folder folder;
  const std::string backup = folder.path + "/backup";
  write(backup, example());
  std::vector<std::string> metas;
  for (std::int32_t self = 1; self <= 3; ++self) {
    const std::string directory = folder.path + "/" + std::to_string(self);
    restore(backup, one_of_three(directory, self));
    CHECK_THAT(verify(directory), Catch::Contains("6 znodes, 0 sessions"));
    Directory opened(directory);
    CHECK(opened.identity().server == ServerId{self});
    CHECK(opened.durable().hard_state().qualified);
    CHECK(opened.durable().last() == Zxid{kZxidGap + 4});
    metas.push_back(opened.store().current()->meta);
  }
  CHECK(metas[0] == metas[1]);
  CHECK(metas[0] == metas[2]);
  const node::Meta meta = *node::decode_meta(metas[0]);
  CHECK(meta.base.zxid == Zxid{kZxidGap + 4});
  CHECK(meta.base.founding.cluster_id != std::string(16, 'c'));
  restore(backup, one_of_three(folder.path + "/other", 1, "another name"));
  const node::Meta other = *node::decode_meta(Directory(folder.path + "/other").store().current()->meta);
  CHECK(other.base.founding.cluster_id != meta.base.founding.cluster_id);
  CHECK(other.base.founding.secret != meta.base.founding.secret);
}

TEST_CASE("a restore touches nothing that is there, and needs a name") {
  const Folder folder;
  const std::string backup = folder.path + "/backup";
  write(backup, example());
  CHECK_THROWS_WITH(restore(backup, one_of_three(folder.path, 1)), Catch::Contains("is not empty"));
  CHECK_THROWS_WITH(restore(backup, one_of_three(folder.path + "/new", 1, "")),
                    Catch::Contains("needs a name"));
  put(backup, "nonsense");
  CHECK_THROWS_WITH(restore(backup, one_of_three(folder.path + "/new", 1)), Catch::Contains("is no backup"));
  CHECK_FALSE(std::filesystem::exists(folder.path + "/new"));
}
