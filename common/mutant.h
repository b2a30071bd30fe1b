// Mutants: deliberate bugs that only the simulator build knows, each one changed condition, to prove that the simulator would
// notice it (tests/simulation/MUTANTS.md). In release `mutant(...)` is the constant false and leaves no trace.
#pragma once

#include <string_view>

namespace muster {

enum class Mutant {
  none,
  unseeded_random,  // of the simulator itself: it draws what no seed decides
  ack_before_durable,
  vote_not_durable,
  quorum_off_by_one,
  commit_of_an_older_epoch,
  wiped_voter_votes,
  forward_accepted_out_of_order,
  outcome_matched_by_xid,
  replay_past_commit_mark,
  older_vote_file_counts,
  watch_after_reply,
  resent_under_new_xid,
  watches_not_set_again,
  checkpoint_ahead_of_the_log,
  checkpoint_without_copies,
  purge_before_publish,
  state_without_origins,
  digests_not_compared,
  holder_unguarded,
  doubtful_write_again,
  commit_past_own_match,
  conflicts_kept,
  prev_epoch_not_compared,
  barrier_without_quorum,
  barrier_before_first_entry,
  barrier_id_again,
  own_log_counts_early,
  truncated_in_flight_counts,
  vote_for_any_log,
  second_vote,
  expiry_by_wall_clock,
  pause_ages_sessions,
  expiry_without_owner,
  moved_session_writes_on,
  remembered_write_again,
  ephemeral_kept_at_close,
  sequence_from_children,
  multi_not_undone,
  child_watches_not_armed,
  watches_not_caught_up,
  one_shot_fires_again,
};
inline constexpr Mutant last_mutant = Mutant::one_shot_fires_again;

#ifdef MUSTER_SIM
extern thread_local Mutant active_mutant;
inline bool mutant(Mutant m) { return active_mutant == m; }
// As on the command lines of the simulator and its like: "ack-before-durable".
[[nodiscard]] std::string_view name_of(Mutant mutant);
[[nodiscard]] Mutant mutant_named(std::string_view name);  // none: there is no such
#else
constexpr bool mutant(Mutant) { return false; }
#endif

}  // namespace muster
