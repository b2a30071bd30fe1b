// The classes of what goes wrong. A seed draws which of them exist at all and how often each comes (profile.h), and counts how often it
// happened; a class that no seed of a campaign has seen tests nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace muster::simulation {

enum class Fault : std::uint8_t {
  // Processes and machines
  crash,
  power_cut,  // of all at once
  pause,
  wipe,
  crash_at_vote,
  crash_in_vote_write,
  crash_in_log_write,
  crash_at_ack,
  crash_at_reply,
  crash_in_recovery,
  crash_in_checkpoint,
  leader_hunt,
  stale_trap,
  transfer,
  // The network between servers
  partition,
  bridge,   // two halves that only one server hears both of
  ring,     // each hears its neighbours only
  swizzle,  // links stop one after another and come back in another order
  link_break,
  half_open,  // one side does not notice for long that a link or a connection is broken
  // Disks
  slow_disk,
  stalled_disk,
  full_disk,
  no_room,  // for a batch of a checkpoint
  sync_error,
  write_error,
  bit_flip,  // this and what follows: of one sector of log or votes, while it is at rest
  zeroed_sector,
  misdirected_write,
  stale_sector,  // as if the last write had not been done
  unreadable_sector,
  store_damage,
  wrong_state,
  // Clocks
  wall_jump,
  uptime_wrap,  // a machine whose clock passes 2^31 or 2^32 ms within the run
  // Clients
  client_break,
  cut_in_frame,  // of those that break: the server gets some bytes of what is under way
  xid_wrap,      // a session whose xids begin near the greatest
  client_moves,
  client_leaves,
  client_closes,
  // Younger than the others, which keep their numbers, and each seed its chances
  link_hiccup,     // one direction of a link stands still for less than an election time-out
  short_pause,     // shorter than an election time-out
  deaf_handover,   // a leader hands over, and hears no more of it
  client_dawdles,  // of those that leave and come back: when their session is about to end
  clock_drift,     // a machine's clock runs up to 5 % fast or slow
  slow_link,       // one direction carries little for a while; when its buffer is full, the link is given up
  slow_reader,     // a client takes nothing off its connection for a while
  flood,           // a client asks for more at once than any limit lets it
  second_hello,    // somebody shows a session's password, or nearly, while its client is connected
  lost_records,    // of a checkpoint: some in a row are gone
};
inline constexpr Fault last_fault = Fault::lost_records;
inline constexpr std::size_t fault_count = static_cast<std::size_t>(last_fault) + 1;

// How the rate of a class is given. Zero: the class does not exist.
enum class RateUnit : std::uint8_t {
  mean_us,       // mean time between two
  per_thousand,  // of the moments at which it may happen
  percent,
};

struct FaultClass {
  std::string_view name;  // as on the command line and in the summary
  RateUnit unit;
};

[[nodiscard]] const FaultClass& describe(Fault fault);
[[nodiscard]] std::optional<Fault> fault_named(std::string_view name);

// One value for each class.
template <class T>
class PerFault {
 public:
  [[nodiscard]] T& operator[](Fault fault) { return values_[static_cast<std::size_t>(fault)]; }
  [[nodiscard]] const T& operator[](Fault fault) const { return values_[static_cast<std::size_t>(fault)]; }
  [[nodiscard]] auto begin() { return values_.begin(); }
  [[nodiscard]] auto end() { return values_.end(); }
  [[nodiscard]] auto begin() const { return values_.begin(); }
  [[nodiscard]] auto end() const { return values_.end(); }

 private:
  std::array<T, fault_count> values_{};
};
using FaultCounts = PerFault<std::uint64_t>;
using FaultRates = PerFault<std::int64_t>;

}  // namespace muster::simulation
