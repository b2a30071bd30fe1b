// A StateStore in memory that forgets what was not synced: of the batches since the last publish a crash leaves any front.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/random.h"
#include "server/storage/state_store.h"

namespace muster::storage {

class MemoryStore : public StateStore {
 public:
  [[nodiscard]] std::optional<Current> current() const override;
  [[nodiscard]] std::unique_ptr<StateView> view() const override;
  [[nodiscard]] bool put(std::uint64_t number, const std::vector<tree::Record>& records) override;
  void publish(std::uint64_t number, const std::string& meta) override;
  [[nodiscard]] bool clean() override;
  void discard() override;
  [[nodiscard]] std::unique_ptr<StateInstaller> install() override;

  // The power is cut. Views and installers must be gone.
  void crash(Random random);
  // The process dies, the machine lives: nothing is lost, and still nothing more is durable.
  void reopen();
  // One record of the current checkpoint is not what it was. False: there is none.
  bool damage(Random random);
  // Some of its records in a row are gone. False: there are none.
  bool lose(Random random);
  [[nodiscard]] std::size_t versions() const;  // of all keys, for tests

 private:
  class Installer;
  using Versions = std::map<std::uint64_t, std::string>;  // by number
  struct Contents {
    std::map<std::string, Versions> records;
    std::optional<Current> current;
  };

  // One batch: whole or absent.
  struct Batch {
    std::vector<std::pair<std::string, std::uint64_t>> removed;
    std::uint64_t number = 0;
    std::vector<tree::Record> put;
  };
  static constexpr std::size_t kCleanKeys = 20;

  static void apply(Contents& contents, const Batch& batch);
  void change(Batch batch);

  Contents cached_, durable_;
  std::vector<Batch> unsynced_;
  bool to_clean_ = true;
  std::string cleaned_to_;
};

}  // namespace muster::storage
