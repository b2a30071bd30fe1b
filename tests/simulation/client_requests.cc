// What a client asks.
#include <fmt/core.h>

#include <utility>

#include "tests/simulation/client.h"

namespace muster::simulation {

std::string Client::next_token() { return fmt::format("{}{}-{}", kind_, index_, ++tokens_); }

std::string Client::value(const std::string& token) {
  return token + "|" + std::string(random_.below(world_.profile.value_bytes + 1), 'x');
}

std::string Client::directory() {
  return fmt::format("/d{}", random_.below(static_cast<std::uint64_t>(world_.profile.keys)));
}

wire::CreateRequest Client::create_of(const std::string& path, const std::string& token, std::int32_t flags) {
  wire::CreateRequest create;
  create.type = random_.chance(1, 2) ? wire::OpCode::create : wire::OpCode::create2;
  create.path = path;
  create.data = value(token);
  create.acl = open_acl();
  create.flags = flags;
  return create;
}

wire::MultiRequest Client::some_multi(const std::string& token) {
  wire::MultiRequest multi;
  const std::string parent = directory();
  multi.ops.emplace_back(
      create_of(parent + "/m" + token, token,
                random_.chance(1, 3) ? wire::create_flags::ephemeral : wire::create_flags::persistent));
  if (random_.chance(1, 2))
    multi.ops.emplace_back(wire::CheckVersionRequest{directory(), random_.chance(1, 2) ? -1 : last_version_});
  if (random_.chance(1, 2)) multi.ops.emplace_back(wire::SetDataRequest{parent, value(token), -1});
  if (random_.chance(1, 2)) multi.ops.emplace_back(wire::DeleteRequest{parent + "/m" + token, -1});
  return multi;
}

void Client::ask() {
  constexpr std::int64_t flood = 150;
  if (now_and_then(Fault::flood, habits_))
    for (std::int64_t i = 0; i < flood; ++i) ask_one();
  std::int64_t burst = random_.chance(1, 5) ? random_.between(1, world_.profile.max_pipeline) : 1;
  while (burst-- > 0 && static_cast<int>(unanswered()) < world_.profile.max_pipeline) {
    ask_one();
  }
}

void Client::ask_one() {
  const auto syncs = static_cast<std::uint64_t>(simple_ ? 0 : world_.profile.sync_percent);
  if (syncs > 0 && random_.chance(syncs, 100)) return submit(wire::SyncRequest{directory()}, "");
  random_.chance(static_cast<std::uint64_t>(world_.profile.write_percent), 100) ? ask_write() : ask_read();
}

void Client::ask_write() {
  const std::string token = next_token();
  const std::string parent = directory();
  switch (simple_ ? 0 : random_.below(9)) {
    case 0:
      return submit(create_of(parent, token, 0), token);
    case 1:
      return submit(create_of(parent + "/n" + token, token, wire::create_flags::persistent), token);
    case 2:
      return submit(create_of(parent + "/s-", token,
                              random_.chance(1, 2) ? wire::create_flags::sequential
                                                   : wire::create_flags::ephemeral_sequential),
                    token);
    case 3:
      return submit(create_of(parent + "/e" + token, token, wire::create_flags::ephemeral), token);
    case 4:
    case 5:
      return submit(wire::SetDataRequest{parent, value(token), random_.chance(1, 2) ? -1 : last_version_},
                    token);
    case 6:
      return submit(some_multi(token), token);
    default:
      break;
  }
  if (own_.empty() || (own_.size() < 5 && random_.chance(1, 2))) return ask_read();
  const std::string path = own_.front();
  own_.pop_front();
  submit(wire::DeleteRequest{path, -1}, "delete " + path);
}

void Client::ask_read() {
  const std::string path =
      own_.empty() || random_.chance(2, 3) ? directory() : own_[random_.below(own_.size())];
  const bool watch = watches_.size() < 6 && random_.chance(1, 3);
  switch (random_.below(11)) {
    case 0:
    case 1:
      return submit(wire::GetDataRequest{path, watch}, "");
    case 2:
    case 3:
      return submit(wire::ExistsRequest{path, watch}, "");
    case 4:
    case 5:
      return submit(wire::GetChildrenRequest{wire::OpCode::get_children, path, watch}, "");
    case 6:
    case 7:
      return submit(wire::GetChildrenRequest{wire::OpCode::get_children2, path, watch}, "");
    case 8:
      if (watches_.persistent() < 3) return submit(wire::AddWatchRequest{path, 0}, "");
      return submit(wire::GetEphemeralsRequest{}, "");
    default:
      return submit(wire::SyncRequest{path}, "");
  }
}

}  // namespace muster::simulation
