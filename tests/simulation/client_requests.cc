// What a client asks.
#include <fmt/core.h>

#include <utility>

#include "tests/simulation/client.h"

namespace muster::simulation {

std::string Client::next_token() { return fmt::format("{}{}-{}", probe_ ? "p" : "c", index_, ++tokens_); }

std::string Client::value(const std::string& token) {
  return token + "|" + std::string(random_.below(profile_.value_bytes + 1), 'x');
}

std::string Client::directory() {
  return fmt::format("/d{}", random_.below(static_cast<std::uint64_t>(profile_.keys)));
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
  std::int64_t burst = random_.chance(1, 5) ? random_.between(1, profile_.max_pipeline) : 1;
  while (burst-- > 0 && static_cast<int>(pending_.size()) < profile_.max_pipeline) {
    random_.chance(static_cast<std::uint64_t>(profile_.write_percent), 100) ? ask_write() : ask_read();
  }
}

void Client::ask_write() {
  const std::string token = next_token();
  const std::string parent = directory();
  switch (probe_ ? 0 : random_.below(9)) {
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
  switch (random_.below(5)) {
    case 0:
      return submit(wire::GetDataRequest{path, watch}, "");
    case 1:
      return submit(wire::ExistsRequest{path, watch}, "");
    case 2:
      return submit(wire::GetChildrenRequest{wire::OpCode::get_children, path, watch}, "");
    case 3:
      return submit(wire::GetChildrenRequest{wire::OpCode::get_children2, path, watch}, "");
    default:
      return submit(wire::SyncRequest{path}, "");
  }
}

void Client::submit(wire::Request request, std::string token) {
  if (!token.empty()) model_.sent(token);
  last_xid_ = last_xid_.next();
  transmit({last_xid_, std::move(request), std::move(token), model_.applied(), Zxid{}});
}

void Client::transmit(Request request) {
  asked_us_ = loop_.now_us();
  loop_.note("ask", {index_, server_ + 1, request.xid.value,
                     static_cast<std::int64_t>(wire::type_of(request.request))});
  sockets_.send(socket_, wire::encode_request(request.xid, request.request));
  pending_.push_back(std::move(request));
}

}  // namespace muster::simulation
