// What operations take and give. Data are bytes, at most about 1 MiB with their path; a node without data has "".
// Rules of the operations: ZooKeeper programmer's guide, "The ZooKeeper data model".
#pragma once

#include <muster/acl.h>
#include <muster/stat.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace muster {

enum class CreateMode {
  persistent,
  ephemeral,  // goes with the session that made it; has no children
  sequential,  // the server appends the parent's next number, ten digits: "/jobs/job-" → "/jobs/job-0000000042"
  ephemeral_sequential,
  container,  // goes some time after its last child
};

// client.async_create("/leader", "me", CreateMode::ephemeral, token)
// client.async_create("/mine", "", {CreateMode::persistent, creator_all_acl()}, token)
struct CreateOptions {
  CreateMode mode;
  std::vector<Acl> acl;
  // Not 0: the node goes when it had no child and no change for so long. Only persistent and sequential ones, at most
  // 2^40 - 1 ms (about 34 years), and the servers must allow it.
  std::chrono::milliseconds ttl;

  // No aggregate: GCC 12 destroys the members of one twice that is made in a co_await expression.
  CreateOptions(CreateMode with_mode = CreateMode::persistent, std::vector<Acl> with_acl = open_acl(),
                std::chrono::milliseconds with_ttl = {})
      : mode(with_mode), acl(std::move(with_acl)), ttl(with_ttl) {}
};

struct Created {
  std::string path;  // a sequential node's with its number
  Stat stat;
  friend bool operator==(const Created&, const Created&) = default;
};

struct Value {
  std::string data;
  Stat stat;
  friend bool operator==(const Value&, const Value&) = default;
};

struct Children {
  std::vector<std::string> names;  // without the parent's path, sorted
  Stat stat;                       // of the parent
  friend bool operator==(const Children&, const Children&) = default;
};

struct NodeAcl {
  std::vector<Acl> acl;
  Stat stat;  // its aversion is the version that async_set_acl compares
  friend bool operator==(const NodeAcl&, const NodeAcl&) = default;
};

// A change of the ensemble's members, in the words of its configuration ("server.4=10.0.0.4:2888:3888;2181"). Either
// joining and leaving (server numbers), or all members anew. Rule: ZooKeeper's "Dynamic reconfiguration".
struct Reconfiguration {
  std::vector<std::string> joining, leaving, members;
  std::int64_t if_version = -1;  // only if that is the configuration's version; -1: whatever it is

  Reconfiguration() = default;  // no aggregate, as CreateOptions
};

}  // namespace muster
