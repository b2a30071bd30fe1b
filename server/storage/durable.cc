#include "server/storage/durable.h"

#include "common/check.h"
#include "server/storage/file_log.h"
#include "server/storage/vote_files.h"

namespace muster::storage {
namespace {

// A vote is never less than the log: an entry of an epoch proves that this server took part in it, and with a
// vote that is not known.
broadcast::HardState not_below_the_log(broadcast::HardState state, const FileLog& log) {
  if (log.last() < log.first()) return state;
  const Epoch epoch = log.read(log.last(), log.last(), 0).front().epoch;
  if (state.epoch < epoch) {
    state.epoch = epoch;
    state.vote = ServerId{};
  }
  return state;
}

// Nothing proves that what is left is all there was: the server starts as from a wiped disk.
void report_repair(const DurableOptions& options, const Damaged& damage, const char* what_is_done,
                   const char* what_is_not = "does not vote") {
  if (!options.repair) throw damage;
  if (options.report)
    options.report(damage.fact() + ". " + what_is_done + "This server " + what_is_not +
                   " until the others have brought it up to date; check its disk");
}
constexpr const char* set_aside = "It is set aside under damaged-… names. ";

VoteFiles open_votes(FileSystem& files, const std::string& directory, const DurableOptions& options) {
  try {
    return {files, directory, options.report};
  } catch (const Damaged& damage) {
    report_repair(options, damage, set_aside);
  }
  VoteFiles::set_aside(files, directory);
  return {files, directory, options.report};
}

// Unqualified before the log is touched: a crash must not leave a server that votes with half a log.
FileLog open_log(FileSystem& files, const std::string& directory, const DurableOptions& options,
                 VoteFiles& votes) {
  try {
    return {files, directory, options};
  } catch (const Damaged& damage) {
    report_repair(options, damage, set_aside);
  }
  broadcast::HardState state = votes.state().value_or(broadcast::HardState{});
  state.qualified = false;
  votes.write(state);
  FileLog::set_aside(files, directory);
  return {files, directory, options};
}

}  // namespace

struct Durable::State {
  State(FileSystem& files, const std::string& in, const DurableOptions& given)
      : directory(in),
        options(given),
        votes(open_votes(files, in, given)),
        log(open_log(files, in, given, votes)) {}
  std::string directory;
  DurableOptions options;
  VoteFiles votes;
  FileLog log;
  bool room = true;
};

Durable::Durable(FileSystem& files, std::string directory, DurableOptions options) {
  files.create_directories(directory);
  state_ = std::make_unique<State>(files, directory, options);
  const auto& found = state_->votes.state();
  if (!found && state_->log.last() > Zxid{}) {
    const Damaged lost(
        "the log in " + directory +
        " has entries, but vote-0 and vote-1 are missing: this server could vote twice in one epoch");
    report_repair(options, lost, "");
  }
  // Both files are written again: one may be older, damaged, or in the page cache only.
  state_->votes.write(not_below_the_log(found.value_or(broadcast::HardState{}), state_->log));
}

Durable::~Durable() = default;

broadcast::HardState Durable::hard_state() const { return *state_->votes.state(); }
Zxid Durable::first() const { return state_->log.first(); }
Zxid Durable::last() const { return state_->log.last(); }
Zxid Durable::commit_mark() const { return state_->log.commit_mark(); }

broadcast::StartFrom Durable::settle(const std::optional<broadcast::StateMark>& state, Zxid state_at_least) {
  using broadcast::StartFrom;
  FileLog& log = state_->log;
  broadcast::LogExtent extent{log.first(), log.last(), std::nullopt};
  if (state && log.first() <= state->zxid && state->zxid <= log.last())
    extent.epoch_at_state = log.read(state->zxid, state->zxid, 0).front().epoch;
  const StartFrom from = judge_start(extent, state, state_at_least);
  if (from == StartFrom::new_state) log.reset(state->zxid);
  if (from == StartFrom::log_alone || from == StartFrom::nothing)
    report_repair(state_->options,
                  Damaged("the state in " + state_->directory +
                          (state_at_least > Zxid{} ? " was another than the other servers'"
                                                   : " is lost or damaged, and the log begins above it")),
                  "", from == StartFrom::nothing ? "does not vote" : "serves no clients");
  if (from == StartFrom::nothing) {
    broadcast::HardState unqualified = hard_state();
    unqualified.qualified = false;
    state_->votes.write(unqualified);
    log.reset(Zxid{});
  }
  return from;
}

void Durable::perform(const broadcast::Persist& persist) {
  FileLog& log = state_->log;
  if (persist.truncate_after) log.truncate_after(*persist.truncate_after);
  for (const auto& entry : persist.append) log.append(entry, persist.committed);
  if (!persist.append.empty()) log.sync();
  // The log first: a vote or a qualification may rest on entries of the same unit.
  if (persist.hard_state) state_->votes.write(*persist.hard_state);
  if (persist.purge_through) log.purge_through(*persist.purge_through);
  if (persist.append.empty()) log.mark(persist.committed);
  prepare();
}

// A purge is of what stands in a checkpoint already; it need not wait for what comes with it.
bool Durable::make_room(const broadcast::Persist& persist) {
  FileLog& log = state_->log;
  if (log.make_room(persist.truncate_after, persist.append)) return true;
  if (persist.purge_through) log.purge_through(*persist.purge_through);
  state_->room = log.make_room(persist.truncate_after, persist.append);
  return state_->room;
}

bool Durable::room() const { return state_->room; }
void Durable::prepare() { state_->room = state_->log.prepare(); }

std::vector<broadcast::Entry> Durable::read(Zxid from, Zxid to, std::size_t max_bytes) const {
  return state_->log.read(from, to, max_bytes);
}

}  // namespace muster::storage
