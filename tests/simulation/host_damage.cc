// What a disk does to the log, the votes and the checkpoints that are on it.
#include <fmt/core.h>

#include "server/storage/segment.h"
#include "tests/simulation/host.h"
#include "tests/support/wrong_state.h"

namespace muster::simulation {

// What a start would find in that file, if it is one of the log.
Host::SegmentEnd Host::segment_end(const std::string& path) {
  if (!storage::parse_segment_name(path.substr(path.rfind('/') + 1))) return {};
  storage::Segment::Findings findings;
  try {
    const storage::Segment segment = storage::Segment::scan(files_, path, findings);
    return {segment.last(), segment.used()};
  } catch (const storage::DiskError&) {
    return {};
  }
}

Hit Host::damage_sector(Fault damage, Random& random) {
  using Sector = storage::SimFileSystem::Sector;
  files_.write_back();
  std::vector<Sector> sectors =
      damage == Fault::stale_sector ? files_.changed_since(earlier_) : files_.written_sectors();
  const auto some = [&] { return sectors[random.below(sectors.size())]; };
  if (sectors.empty()) {
    earlier_ = files_;
    return Hit::nothing;
  }
  const Sector sector = some();
  const SegmentEnd before = segment_end(sector.path);
  std::string bytes = files_.contents(sector);
  switch (damage) {
    case Fault::bit_flip: {
      char& victim = bytes[random.below(bytes.size())];
      victim = static_cast<char>(victim ^ 1 << random.below(8));
      files_.overwrite(sector, bytes);
      break;
    }
    case Fault::zeroed_sector:
      files_.overwrite(sector, std::string(bytes.size(), '\0'));
      break;
    case Fault::misdirected_write:
      files_.overwrite(sector, files_.contents(some()));
      break;
    case Fault::stale_sector:
      files_.take_back(sector, earlier_);
      earlier_ = files_;
      break;
    default:
      files_.make_unreadable(sector);
  }
  around_.loop.fault(damage, {index_ + 1, static_cast<std::int64_t>(sector.offset)});
  if (around_.loop.tracing())
    around_.loop.say(fmt::format("server {}: {} at {}", index_ + 1, sector.path, sector.offset));
  damaged_ = true;
  const SegmentEnd after = segment_end(sector.path);
  return after.last == before.last && after.bytes < before.bytes ? Hit::only_marks : Hit::data;
}

void Host::make_wrong() {
  if (up() || store_damaged_ || !storage::make_wrong(store_)) return;
  around_.loop.fault(Fault::wrong_state, {index_ + 1});
  may_be_wrong_ = true;
}

void Host::damage_store() {
  if (up() || !store_.damage(random_.fork(random_.next()))) return;
  around_.loop.fault(Fault::store_damage, {index_ + 1});
  note_store_damage();
}

void Host::lose_records() {
  if (up() || !store_.lose(random_.fork(random_.next()))) return;
  around_.loop.fault(Fault::lost_records, {index_ + 1});
  note_store_damage();
}

void Host::note_store_damage() {
  store_damaged_ = may_lack_state_ = true;
  published_ = {};
}

}  // namespace muster::simulation
