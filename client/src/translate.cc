#include "client/src/translate.h"

#include <muster/path.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace muster {
namespace client {
namespace {

constexpr std::int64_t max_ttl_ms = (std::int64_t{1} << 40) - 1;

std::int32_t create_flags(CreateMode mode, bool ttl) {
  switch (mode) {
    case CreateMode::persistent:
      return ttl ? wire::create_flags::ttl : wire::create_flags::persistent;
    case CreateMode::ephemeral:
      return wire::create_flags::ephemeral;
    case CreateMode::sequential:
      return ttl ? wire::create_flags::ttl_sequential : wire::create_flags::sequential;
    case CreateMode::ephemeral_sequential:
      return wire::create_flags::ephemeral_sequential;
    case CreateMode::container:
      return wire::create_flags::container;
  }
  return wire::create_flags::persistent;
}

}  // namespace

bool is_sequential(CreateMode mode) {
  return mode == CreateMode::sequential || mode == CreateMode::ephemeral_sequential;
}

bool may_name(std::string_view path, bool sequential) {
  return is_valid_path(sequential ? std::string(path) + "0" : std::string(path));
}

std::string full_path(const std::string& chroot, const std::string& path) {
  if (chroot.empty()) return path;
  return path == "/" ? chroot : chroot + path;
}

std::string local_path(const std::string& chroot, std::string path) {
  if (chroot.empty() || path.compare(0, chroot.size(), chroot) != 0) return path;
  path.erase(0, chroot.size());
  return path.empty() ? "/" : path;
}

std::optional<wire::CreateRequest> create_request(const std::string& chroot, const std::string& path,
                                                  std::string data, const CreateOptions& options) {
  if (!may_name(path, is_sequential(options.mode))) return std::nullopt;
  const bool may_have_ttl = options.mode == CreateMode::persistent || options.mode == CreateMode::sequential;
  const std::int64_t ttl_ms = options.ttl.count();
  if (ttl_ms < 0 || ttl_ms > max_ttl_ms || (ttl_ms > 0 && !may_have_ttl)) return std::nullopt;
  wire::OpCode type = wire::OpCode::create2;
  if (options.mode == CreateMode::container) type = wire::OpCode::create_container;
  if (ttl_ms > 0) type = wire::OpCode::create_ttl;
  return wire::CreateRequest{
      type,  full_path(chroot, path), std::move(data), options.acl, create_flags(options.mode, ttl_ms > 0),
      ttl_ms};
}

Result<ConnectString> servers_of(const ClientConfig& config) {
  const std::int64_t timeout = config.session_timeout.count();
  if (timeout <= 0 || timeout > std::numeric_limits<std::int32_t>::max()) {
    return Error{"the session time-out is not between 1 ms and 24 days; set session_timeout"};
  }
  if (config.max_in_flight == 0) return Error{"no request may be in flight; set max_in_flight"};
  if (config.max_events < 2) return Error{"an event stream must hold two events; set max_events"};
  if (config.remembered_writes < 0) return Error{"remembered_writes is negative; 0 asks for none"};
  if (config.min_backoff.count() <= 0 || config.max_backoff < config.min_backoff) {
    return Error{"the pauses between attempts must grow from above 0; set min_backoff and max_backoff"};
  }
  return parse_connect_string(config.servers);
}

}  // namespace client

std::string why_invalid(const ClientConfig& config) {
  const auto servers = client::servers_of(config);
  return servers ? "" : servers.error().message;
}

namespace detail {

using client::full_path;
using client::may_name;

std::optional<wire::MultiRequest> Requests::request(const std::string& chroot, Transaction transaction) {
  wire::MultiRequest request;
  for (Transaction::Operation& operation : transaction.operations_) {
    if (auto* create = std::get_if<Transaction::Create>(&operation)) {
      auto made = client::create_request(chroot, create->path, std::move(create->data), create->options);
      if (!made) return std::nullopt;
      request.ops.emplace_back(*std::move(made));
      continue;
    }
    const std::string& path =
        std::visit([](const auto& o) -> const std::string& { return o.path; }, operation);
    if (!may_name(path)) return std::nullopt;
    std::string full = full_path(chroot, path);
    if (auto* set = std::get_if<Transaction::Set>(&operation)) {
      request.ops.emplace_back(wire::SetDataRequest{std::move(full), std::move(set->data), set->version});
    } else if (auto* remove = std::get_if<Transaction::Remove>(&operation)) {
      request.ops.emplace_back(wire::DeleteRequest{std::move(full), remove->version});
    } else {
      request.ops.emplace_back(
          wire::CheckVersionRequest{std::move(full), std::get<Transaction::Check>(operation).version});
    }
  }
  return request;
}

ErrorCode Requests::read(const std::string& chroot, std::size_t size, wire::MultiReply reply,
                         TransactionResult& result) {
  if (reply.results.size() != size) return ErrorCode::marshalling_error;
  for (std::size_t i = 0; i < reply.results.size(); ++i) {
    wire::MultiResult& one = reply.results[i];
    // Of a transaction that failed: ok for those before the one that failed.
    if (one.error != ErrorCode::ok) {
      result.failed_ = i;
      result.results_.clear();
      return one.error;
    }
    auto& value = result.results_.emplace_back();
    if (auto* create = std::get_if<wire::Create2Reply>(&one.body)) {
      value = Created{client::local_path(chroot, std::move(create->path)), create->stat};
    } else if (auto* old = std::get_if<wire::CreateReply>(&one.body)) {  // ZooKeeper before 3.9
      value = Created{client::local_path(chroot, std::move(old->path)), {}};
    } else if (auto* set = std::get_if<wire::StatReply>(&one.body)) {
      value = set->stat;
    }
  }
  return ErrorCode::ok;
}

std::optional<wire::MultiReadRequest> Requests::request(const std::string& chroot, const ReadBatch& batch) {
  wire::MultiReadRequest request;
  for (const ReadBatch::Read& read : batch.reads_) {
    if (!may_name(read.path)) return std::nullopt;
    std::string full = full_path(chroot, read.path);
    if (read.children) {
      request.ops.emplace_back(wire::GetChildrenRequest{wire::OpCode::get_children, std::move(full), false});
    } else {
      request.ops.emplace_back(wire::GetDataRequest{std::move(full), false});
    }
  }
  return request;
}

ReadBatchResult Requests::unanswered(const ReadBatch& batch) {
  ReadBatchResult result;
  for (const ReadBatch::Read& read : batch.reads_) {
    if (read.children) {
      result.results_.emplace_back(Answer<std::vector<std::string>>(ErrorCode::marshalling_error));
    } else {
      result.results_.emplace_back(Answer<Value>(ErrorCode::marshalling_error));
    }
  }
  return result;
}

ErrorCode Requests::read(wire::MultiReply reply, ReadBatchResult& result) {
  if (reply.results.size() != result.results_.size()) return ErrorCode::marshalling_error;
  for (std::size_t i = 0; i < reply.results.size(); ++i) {
    wire::MultiResult& one = reply.results[i];
    if (auto* value = std::get_if<Answer<Value>>(&result.results_[i])) {
      if (one.error != ErrorCode::ok) *value = make_error_code(one.error);
      if (auto* body = std::get_if<wire::GetDataReply>(&one.body)) {
        *value = Value{std::move(body->data).value_or(""), body->stat};
      }
    } else {
      auto& names = std::get<Answer<std::vector<std::string>>>(result.results_[i]);
      if (one.error != ErrorCode::ok) names = make_error_code(one.error);
      if (auto* body = std::get_if<wire::ChildrenReply>(&one.body)) {
        std::sort(body->children.begin(), body->children.end());
        names = std::move(body->children);
      }
    }
  }
  return ErrorCode::ok;
}

}  // namespace detail

// Building

std::size_t Transaction::add(Operation operation) {
  operations_.push_back(std::move(operation));
  return operations_.size() - 1;
}

Key<Created> Transaction::create(std::string_view path, std::string data, CreateOptions options) {
  return {add(Create{std::string(path), std::move(data), std::move(options)})};
}

Key<Stat> Transaction::set(std::string_view path, std::string data, std::int32_t version) {
  return {add(Set{std::string(path), std::move(data), version})};
}

std::size_t Transaction::remove(std::string_view path, std::int32_t version) {
  return add(Remove{std::string(path), version});
}

std::size_t Transaction::check(std::string_view path, std::int32_t version) {
  return add(Check{std::string(path), version});
}

Key<Value> ReadBatch::get(std::string_view path) {
  reads_.push_back({std::string(path), false});
  return {reads_.size() - 1};
}

Key<std::vector<std::string>> ReadBatch::children(std::string_view path) {
  reads_.push_back({std::string(path), true});
  return {reads_.size() - 1};
}

}  // namespace muster
