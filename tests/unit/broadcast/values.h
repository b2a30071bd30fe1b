// Short names for the values of these tests.
#pragma once

#include <string>
#include <vector>

#include "server/broadcast/entry.h"
#include "server/broadcast/peer.h"

namespace muster::broadcast {

inline Entry entry(std::int64_t zxid, std::int64_t epoch, std::string text = "") {
  Entry e;
  e.zxid = Zxid{zxid};
  e.epoch = Epoch{epoch};
  e.payload = SharedBytes(std::move(text));
  return e;
}

inline ForwardId forward(int origin, std::uint64_t boot, std::uint64_t n) {
  return ForwardId{ServerId{origin}, boot, n};
}

inline Membership voters(int count) {
  Membership membership;
  for (int id = 1; id <= count; ++id) membership.members.push_back(Member{ServerId{id}, true});
  return membership;
}

}  // namespace muster::broadcast
