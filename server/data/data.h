// A server's data directory, looked at while no server uses it. Nothing in it is changed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/node/node.h"
#include "server/storage/directory_lock.h"
#include "server/storage/durable.h"
#include "server/storage/leveldb_store.h"
#include "server/storage/read_only_files.h"
#include "server/storage/state_codec.h"

namespace muster::data {

// What is wrong with the directory, in one sentence.
class Bad : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Directory {
 public:
  // Throws Bad: it is no data directory, a server uses it, or its log or votes are damaged (not torn).
  explicit Directory(const std::string& path);

  [[nodiscard]] const storage::Identity& identity() const { return identity_; }
  [[nodiscard]] const storage::Durable& durable() const { return *durable_; }
  [[nodiscard]] storage::StateStore& store() { return *store_; }
  // What a start would repair without a word of harm: a torn end of the log, one of two vote files.
  [[nodiscard]] const std::vector<std::string>& remarks() const { return remarks_; }
  void for_each_entry(const std::function<void(const broadcast::Entry&)>& take) const;

 private:
  std::unique_ptr<storage::FileSystem> disk_;
  std::unique_ptr<storage::DirectoryLock> lock_;
  std::unique_ptr<storage::ReadOnlyFiles> files_;
  storage::Identity identity_;
  std::vector<std::string> remarks_;
  std::unique_ptr<storage::Durable> durable_;
  std::unique_ptr<storage::StateStore> store_;
};

// Reads all of it: every record of the log passes its checksum, follows its predecessor and makes a log without a gap; the
// checkpoint has the digest that it says; the log goes on where the checkpoint ends and can be applied to it. Returns what is there,
// in lines for people. Throws Bad.
[[nodiscard]] std::string verify(const std::string& path);

// Hands `write` everything that is there, a line at a time: whose it is, votes, checkpoint, its sessions and znodes, the log. Values
// are told by their length, unless `with_data`. Throws Bad.
void dump(const std::string& path, bool with_data, const std::function<void(const std::string& line)>& write);

}  // namespace muster::data
