// A story of one server's disk: steps that are acknowledged one after another. It is told once, and the disk is kept as it is before
// each of its operations; whatever a power cut may leave of it then must start as the story allows.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "server/broadcast/peer.h"
#include "tests/support/sim_file_system.h"
#include "tests/unit/sweeps/history.h"

namespace muster::sweeps {

struct Checkpoint {  // of the state at a zxid that was committed; put, published, cleaned
  std::int64_t zxid = 0;
};
struct Install {  // another server's state: put beside ours, in our place, and started with
  std::int64_t zxid = 0;
};
struct NoteCluster {};
struct Restart {};     // the process, not the machine
struct SetAside {      // what is damaged while the process is down: set aside by the start that follows
  bool votes = false;  // else the log
};
struct Opening {};  // of a disk that is as it may be
using Step = std::variant<Opening, broadcast::Persist, Checkpoint, Install, NoteCluster, Restart, SetAside>;

// A vote is never less than the log.
[[nodiscard]] broadcast::HardState not_below(const Entries& log, broadcast::HardState state);

// What was acknowledged by the end of some steps.
struct Expected {
  Zxid base;  // the log begins at the latest above it
  Entries log;
  Zxid committed;  // greatest noted
  broadcast::HardState hard_state;
  Zxid checkpoint;
  bool cluster = false;

  void perform(const Step& step);
  void cut(Zxid keep);
};

struct Moment {
  storage::SimFileSystem disk;  // with its page cache
  std::size_t steps = 0;        // acknowledged
};

class Story {
 public:
  Story(std::string name, History history, std::vector<Step> steps, std::uint64_t segment_bytes);

  [[nodiscard]] const std::string& name() const { return name_; }
  // Tells it, with the syncs of one site ignored if it is named. LevelDB's thread works when it likes, so that no two times are alike.
  [[nodiscard]] std::vector<Moment> tell(std::optional<storage::SyncSite> ignored = std::nullopt) const;
  // Starts from a disk as it was left at that moment. Empty: as it must be. `thorough`: and a second power cut, in the recovery and
  // after it, does no harm, and it goes on. `chance` decides where.
  [[nodiscard]] std::string problem(storage::SimFileSystem image, const Moment& moment, bool thorough,
                                    std::uint64_t chance) const;

 private:
  class Teller;
  struct Found;

  [[nodiscard]] Found find(storage::SimFileSystem& files) const;
  void check(const Found& found, const Expected& before, const Step& during) const;
  void check_log(const Found& found, const Expected& before, const Step& during) const;
  void cut_again(const storage::SimFileSystem& image, const Moment& moment, std::uint64_t chance) const;
  void go_on(storage::SimFileSystem& files, const Found& found) const;

  std::string name_;
  History history_;
  std::vector<Step> steps_;
  std::vector<Expected> expected_;  // by the number of steps acknowledged
  std::uint64_t segment_bytes_;
};

}  // namespace muster::sweeps
