// One server: a Node, its Durable and its store of checkpoints on simulated disks, driven as the real runtime drives them. It can be
// paused, die between any two of its outputs and at any operation of its disk, and lose its disk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/random.h"
#include "server/node/node.h"
#include "server/storage/durable.h"
#include "server/storage/identity.h"
#include "server/storage/state_desk.h"
#include "tests/simulation/checks/expiry.h"
#include "tests/simulation/checks/logs.h"
#include "tests/simulation/checks/model.h"
#include "tests/simulation/network.h"
#include "tests/simulation/sockets.h"
#include "tests/support/memory_store.h"
#include "tests/support/sim_file_system.h"

namespace muster::simulation {

// What every server works with.
struct Surroundings {
  Loop& loop;
  const Profile& profile;
  Network& network;
  Sockets& sockets;
  Logs& logs;
  Model& model;
  Expiry& expiry;
};

enum class Death { killed, power_cut };  // the page cache stays, or only what was synced
// What damage of a sector took. Only marks: all entries are whole, and what came behind the last of them is missing.
enum class Hit { nothing, data, only_marks };

class Host : public PeerEnd, public ServerEnd {
 public:
  Host(const Surroundings& around, int index, Random random);

  void start();
  // Dies now; starts again after restart_us, if that is not negative.
  void die(Death death, std::int64_t restart_us);
  void die_within_output(int steps);     // after so many steps of coming outputs
  void die_within_disk_work(int steps);  // at an operation of the next write
  void wipe(std::int64_t restart_us);
  void pause(std::int64_t for_us, Fault kind = Fault::pause);
  void resume();
  void slow_disk(int factor, std::int64_t for_us);
  void stall_disk(std::int64_t for_us);                     // nothing that is written comes back meanwhile
  void fill_disk(std::uint64_t left, std::int64_t for_us);  // so many bytes are left meanwhile
  void jump_wall_clock(std::int64_t ms);
  void transfer();
  void recover_from_faults();  // no fault that was asked for is left to come

  [[nodiscard]] bool up() const { return node_ != nullptr; }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] bool disk_well() const {
    return disk_factor_ == 1 && around_.loop.now_us() >= stalled_until_us_ && has_room_ && !damaged_;
  }
  [[nodiscard]] const node::Node& node() const { return *node_; }
  [[nodiscard]] bool leads() const { return up() && node_->peer().role().role == broadcast::Role::leading; }
  [[nodiscard]] int deaths() const { return deaths_; }
  [[nodiscard]] std::uint64_t checkpoints() const { return checkpoints_; }
  [[nodiscard]] std::uint64_t loads() const { return loads_; }
  [[nodiscard]] std::uint64_t installs() const { return installs_; }
  // What it lacks is gone from the other's log: it must be given a state. Both are up.
  [[nodiscard]] bool needs_state_of(const Host& other) const {
    return node_->peer().last() <= other.node().peer().floor();
  }
  // Its state is on its disk, or can be made anew from its log.
  [[nodiscard]] bool has_state() const { return !stateless_ && !store_damaged_ && !may_be_wrong_; }
  // One record of its checkpoint changes, unnoticed until the next start.
  void damage_store();
  void lose_records();  // of its checkpoint
  // Its next write of log or votes fails at one of its syncs or writes, which ends its process.
  void fail_disk(Fault error) { disk_error_ = error; }
  // All that is in its log has been called safe in a sector of its own.
  [[nodiscard]] bool log_rests() const { return up() && !writing_ && log_rests_; }
  // One sector of its log or votes changes. Nothing: there is none to which that can happen.
  Hit damage_sector(Fault damage, Random& random);
  // Since its last start; what it lost is known then.
  [[nodiscard]] bool damaged() const { return damaged_; }
  // Its checkpoint becomes one of another state, sound in itself.
  void make_wrong();

  void link_up(int peer, broadcast::LinkId link) override;
  void link_down(int peer, broadcast::LinkId link) override;
  void receive(int peer, broadcast::LinkId link, node::PeerMessage message) override;
  [[nodiscard]] bool accepts() const override { return up(); }
  void client_opened(SocketId socket, std::string address) override;
  void client_bytes(SocketId socket, std::string bytes) override;
  void client_closed(SocketId socket) override;
  void client_backlog(SocketId socket, std::size_t bytes) override;

 private:
  using Action = std::function<void()>;

  [[nodiscard]] Now now() const;
  void input(Action action);
  void after_input();
  void drain();
  void tick();
  void emit(node::Output output);
  bool dies_after_step();  // counts one step of the output
  bool comes_to(Fault moment);
  void submit(broadcast::Persist persist);
  void perform_after(std::int64_t us);
  void perform();
  void look_for_room();
  void tell_room();
  void read(const broadcast::Fetch& fetch);
  // The store's thread: one piece of work at a time, in order.
  using StoreWork = std::variant<node::CheckpointWork, node::StateRead, node::StateWrite>;
  void submit(StoreWork work);
  void work_on_store();
  void perform(const node::CheckpointWork& work);
  void perform(const node::StateRead& work);
  void perform(const node::StateWrite& work);
  void leave_store_work();
  void set_state_aside(Zxid state_at_least);
  void discard_store();
  void note_store_damage();
  void check_published();
  [[nodiscard]] std::optional<node::LoadedCheckpoint> load_checkpoint();
  [[nodiscard]] node::StartState start_state();
  void follow_applied();
  bool open_disk();
  [[nodiscard]] storage::IdentityFile open_identity();
  bool note_cluster();
  [[nodiscard]] std::optional<broadcast::HardState> newest_vote_file() const;
  void check_vote(const std::optional<broadcast::HardState>& newest) const;
  void boot();
  void leave_half_done_work();
  bool expect_disk_error();
  struct SegmentEnd {
    Zxid last;
    std::uint64_t bytes = 0;  // of its records
  };
  [[nodiscard]] SegmentEnd segment_end(const std::string& path);
  void give_up_disk(const char* why);
  [[nodiscard]] std::int64_t restart_delay();
  [[nodiscard]] std::int64_t disk_delay();
  [[nodiscard]] std::vector<broadcast::Entry> whole_log() const;

  Surroundings around_;
  int index_;
  Random random_;
  storage::SimFileSystem files_;
  std::optional<storage::IdentityFile> identity_;
  std::unique_ptr<storage::Durable> durable_;
  std::unique_ptr<node::Node> node_;
  std::uint64_t incarnation_ = 0;  // counts starts and deaths: an event of another one is void
  std::optional<broadcast::Persist> writing_;
  storage::MemoryStore store_;
  std::optional<storage::StateDesk> desk_;
  std::deque<StoreWork> store_work_;  // handed over, in order
  bool store_busy_ = false;
  std::optional<node::StartState> start_;  // what was found on the disk
  bool may_lack_state_ = false;            // its store was damaged since it was given a state
  bool stateless_ = false;                 // it lost its state, and has not got another
  Zxid installed_;  // a state that was put in the place of its own; 0: none since the last start
  Zxid published_;  // newest checkpoint that the store has said to hold
  bool store_damaged_ = false;
  bool may_be_wrong_ = false;  // its state is another than the others', until it has got a new one
  bool drain_asked_ = false;
  bool paused_ = false;
  std::vector<Action> waiting_;  // inputs of a paused process
  std::optional<int> steps_to_live_;
  std::optional<int> disk_steps_to_live_;
  std::optional<Fault> disk_error_;  // to come
  bool log_rests_ = false, damaged_ = false;
  storage::SimFileSystem earlier_;  // its disk, as it was at some time before
  int disk_factor_ = 1;
  std::int64_t stalled_until_us_ = 0;
  std::uint64_t fills_ = 0;  // counts them: an older one's end is not a newer one's
  bool has_room_ = true;     // as the node was told
  std::int64_t mono_start_ms_ = 0, wall_skew_ms_ = 0, drift_permille_ = 0;
  Zxid applied_;
  int deaths_ = 0;
  std::uint64_t checkpoints_ = 0, loads_ = 0, installs_ = 0;  // published; starts from one; received
};

}  // namespace muster::simulation
