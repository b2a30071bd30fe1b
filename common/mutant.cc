#include "common/mutant.h"

#include <array>
#include <string_view>
#include <utility>

namespace muster {
#ifdef MUSTER_SIM

thread_local Mutant active_mutant = Mutant::none;

namespace {

constexpr std::array<std::pair<Mutant, std::string_view>, static_cast<std::size_t>(last_mutant) + 1> names = {
    {
        {Mutant::none, "none"},
        {Mutant::unseeded_random, "unseeded-random"},
        {Mutant::ack_before_durable, "ack-before-durable"},
        {Mutant::vote_not_durable, "vote-not-durable"},
        {Mutant::quorum_off_by_one, "quorum-off-by-one"},
        {Mutant::commit_of_an_older_epoch, "commit-of-an-older-epoch"},
        {Mutant::wiped_voter_votes, "wiped-voter-votes"},
        {Mutant::forward_accepted_out_of_order, "forward-accepted-out-of-order"},
        {Mutant::outcome_matched_by_xid, "outcome-matched-by-xid"},
        {Mutant::replay_past_commit_mark, "replay-past-commit-mark"},
        {Mutant::older_vote_file_counts, "older-vote-file-counts"},
        {Mutant::watch_after_reply, "watch-after-reply"},
        {Mutant::resent_under_new_xid, "resent-under-new-xid"},
        {Mutant::watches_not_set_again, "watches-not-set-again"},
        {Mutant::checkpoint_ahead_of_the_log, "checkpoint-ahead-of-the-log"},
        {Mutant::checkpoint_without_copies, "checkpoint-without-copies"},
        {Mutant::purge_before_publish, "purge-before-publish"},
        {Mutant::state_without_origins, "state-without-origins"},
        {Mutant::digests_not_compared, "digests-not-compared"},
        {Mutant::holder_unguarded, "holder-unguarded"},
        {Mutant::doubtful_write_again, "doubtful-write-again"},
        {Mutant::commit_past_own_match, "commit-past-own-match"},
        {Mutant::conflicts_kept, "conflicts-kept"},
        {Mutant::prev_epoch_not_compared, "prev-epoch-not-compared"},
        {Mutant::barrier_without_quorum, "barrier-without-quorum"},
        {Mutant::barrier_before_first_entry, "barrier-before-first-entry"},
        {Mutant::barrier_id_again, "barrier-id-again"},
        {Mutant::own_log_counts_early, "own-log-counts-early"},
        {Mutant::truncated_in_flight_counts, "truncated-in-flight-counts"},
        {Mutant::vote_for_any_log, "vote-for-any-log"},
        {Mutant::second_vote, "second-vote"},
        {Mutant::expiry_by_wall_clock, "expiry-by-wall-clock"},
        {Mutant::pause_ages_sessions, "pause-ages-sessions"},
        {Mutant::expiry_without_owner, "expiry-without-owner"},
        {Mutant::moved_session_writes_on, "moved-session-writes-on"},
        {Mutant::remembered_write_again, "remembered-write-again"},
        {Mutant::ephemeral_kept_at_close, "ephemeral-kept-at-close"},
        {Mutant::sequence_from_children, "sequence-from-children"},
        {Mutant::multi_not_undone, "multi-not-undone"},
        {Mutant::child_watches_not_armed, "child-watches-not-armed"},
        {Mutant::watches_not_caught_up, "watches-not-caught-up"},
        {Mutant::one_shot_fires_again, "one-shot-fires-again"},
    }};

}  // namespace

std::string_view name_of(Mutant mutant) {
  for (const auto& [value, name] : names) {
    if (value == mutant) return name;
  }
  return "?";
}

Mutant mutant_named(std::string_view name) {
  for (const auto& [value, known] : names) {
    if (known == name) return value;
  }
  return Mutant::none;
}

#endif
}  // namespace muster
