#include "server/storage/vote_files.h"

#include "common/mutant.h"

namespace muster::storage {

VoteFiles::VoteFiles(FileSystem& files, std::string directory, std::function<void(const std::string&)> report)
    : files_(files), directory_(std::move(directory)) {
  std::array<std::optional<SequencedHardState>, 2> found;
  for (std::size_t which : {0U, 1U}) {
    open_[which] = files_.open(path(which));
    if (open_[which]) found[which] = decode_hard_state(open_[which]->read(0, kStateBlockBytes));
  }
  if (!found[0] && !found[1]) {
    // vote-1 is made when vote-0 is durable: its being there means that both were whole once.
    if (open_[1])
      throw Damaged("both " + path(0) + " and " + path(1) +
                    " are damaged: this server could vote twice in one epoch");
    return;
  }
  if (found[0] && found[1]) {
    const bool second_is_newer = found[1]->sequence > found[0]->sequence;
    newer_ = second_is_newer != mutant(Mutant::older_vote_file_counts) ? 1 : 0;
  } else {
    newer_ = found[1] ? 1 : 0;
    if (report) report(path(1 - newer_) + " was damaged or missing; it is written anew from " + path(newer_));
  }
  state_ = found[newer_]->state;
  sequence_ = found[newer_]->sequence;
}

void VoteFiles::set_aside(FileSystem& files, const std::string& directory) {
  for (const std::string& name : files.list(directory))
    if (name == "vote-0" || name == "vote-1")
      files.rename(directory + "/" + name, directory + "/damaged-" + name);
}

void VoteFiles::write(const broadcast::HardState& state) {
  const std::string block = encode(SequencedHardState{sequence_ + 1, state});
  write_one(1 - newer_, block);
  write_one(newer_, block);
  ++sequence_;
  state_ = state;
}

void VoteFiles::write_one(std::size_t which, const std::string& block) {
  const bool is_new = !open_[which];
  if (is_new) open_[which] = files_.create(path(which));
  open_[which]->write(0, block);
  open_[which]->sync(SyncSite::vote);
  if (is_new) files_.sync_directory(directory_, SyncSite::vote_name);
}

std::string VoteFiles::path(std::size_t which) const {
  return directory_ + (which == 0 ? "/vote-0" : "/vote-1");
}

}  // namespace muster::storage
