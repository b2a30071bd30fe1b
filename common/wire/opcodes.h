// ZooKeeper's operations by number.
#pragma once

#include <cstdint>

namespace muster::wire {

enum class OpCode : std::int32_t {
  close_session = -11,
  create_session = -10,  // never from a client
  error = -1,            // a result in multi
  notification = 0,
  create = 1,
  remove = 2,
  exists = 3,
  get_data = 4,
  set_data = 5,
  get_acl = 6,
  set_acl = 7,
  get_children = 8,
  sync = 9,
  ping = 11,
  get_children2 = 12,
  check = 13,  // only inside multi
  multi = 14,
  create2 = 15,
  reconfig = 16,
  check_watches = 17,
  remove_watches = 18,
  create_container = 19,
  delete_container = 20,  // never from a client
  create_ttl = 21,
  multi_read = 22,
  auth = 100,
  set_watches = 101,
  sasl = 102,
  get_ephemerals = 103,
  get_all_children_number = 104,
  set_watches2 = 105,
  add_watch = 106,
  who_am_i = 107,
  // Muster's own, far from ZooKeeper's, whose servers answer that they know no such operation. Only for the super user.
  backup_begin = 0x4d555301,  // a view of the state, kept for this connection
  backup_next = 0x4d555302,   // its next records
};

// Reserved xids.
inline constexpr std::int32_t notification_xid = -1, ping_xid = -2, auth_xid = -4, set_watches_xid = -8;

}  // namespace muster::wire
