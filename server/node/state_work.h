// How a driver does what Node asks of its store for states that go out and come in (storage::StateDesk).
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "server/node/state_messages.h"

namespace muster::node {

// `opened(id, meta)` and `read(id, records)` take the answers.
template <class Desk, class Opened, class Read>
void perform(const StateRead& work, Desk& desk, Opened opened, Read read) {
  if (std::holds_alternative<StateRead::Open>(work.step)) {
    opened(work.id, desk.open(work.id));
  } else if (const auto* next = std::get_if<StateRead::Next>(&work.step)) {
    read(work.id, desk.next(work.id, next->max_bytes));
  } else {
    desk.close(work.id);
  }
}

// False: the disk has no room for it.
template <class Desk>
[[nodiscard]] bool perform(const StateWrite& work, Desk& desk) {
  if (const auto* put = std::get_if<StateWrite::Put>(&work.step)) return desk.put(put->records);
  if (const auto* finish = std::get_if<StateWrite::Finish>(&work.step)) {
    desk.finish(finish->number, finish->meta);
  } else if (std::holds_alternative<StateWrite::Begin>(work.step)) {
    desk.begin();
  } else {
    desk.drop();
  }
  return true;
}

}  // namespace muster::node
