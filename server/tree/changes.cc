#include "server/tree/changes.h"

#include <iterator>
#include <utility>

#include "common/check.h"

namespace muster::tree {

void Changes::keep(Mark& mark, Record record) {
  mark.stored = true;
  kept_bytes_ += size_of(record);
  kept_.push_back(std::move(record));
}

void Changes::take(Mark& mark, Slice& slice, Record record) {
  slice.add(std::move(record));
  mark = {0, true};
}

void Changes::begin() {
  CHECK(!collecting_, "one checkpoint is collected at a time");
  collecting_ = true;
  frozen_ = round_;
  // After a collection only the marks 0 and round_ are in use. One that is given up leaves one more until the next that is not;
  // there are enough for 32,000 in a row.
  round_ = round_ == Mark::max_round ? std::uint16_t{1} : static_cast<std::uint16_t>(round_ + 1);
  frozen_gone_ = std::exchange(gone_, {});
  told_ = 0;
}

void Changes::hand_out(Slice& slice) {
  for (; told_ < frozen_gone_.size() && !slice.full(); ++told_) slice.add({frozen_gone_[told_], {}});
  while (told_ == frozen_gone_.size() && !kept_.empty() && !slice.full()) {
    kept_bytes_ -= size_of(kept_.back());
    slice.add(std::move(kept_.back()));
    kept_.pop_back();
  }
}

void Changes::finish() {
  CHECK(collecting_ && !holds_something(), "all of a checkpoint is collected before it is published");
  collecting_ = all_ = false;
  frozen_gone_.clear();
}

void Changes::abandon() {
  CHECK(collecting_, "only a collection under way is given up");
  collecting_ = false;
  all_ = true;
  gone_.insert(gone_.end(), std::make_move_iterator(frozen_gone_.begin()),
               std::make_move_iterator(frozen_gone_.end()));
  frozen_gone_.clear();
  kept_.clear();
  kept_bytes_ = 0;
}

}  // namespace muster::tree
