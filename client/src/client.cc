#include <muster/client.h>
#include <muster/path.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "client/src/connect_string.h"
#include "client/src/link.h"

namespace muster {
namespace {

struct WireMode {
  wire::OpCode type;
  std::int32_t flags;
};

WireMode wire_mode(CreateMode mode) {
  switch (mode) {
    case CreateMode::persistent:
      return {wire::OpCode::create, wire::create_flags::persistent};
    case CreateMode::ephemeral:
      return {wire::OpCode::create, wire::create_flags::ephemeral};
    case CreateMode::sequential:
      return {wire::OpCode::create, wire::create_flags::sequential};
    case CreateMode::ephemeral_sequential:
      return {wire::OpCode::create, wire::create_flags::ephemeral_sequential};
    case CreateMode::container:
      return {wire::OpCode::create_container, wire::create_flags::container};
  }
  return {wire::OpCode::create, wire::create_flags::persistent};
}

bool is_sequential(CreateMode mode) {
  return mode == CreateMode::sequential || mode == CreateMode::ephemeral_sequential;
}

// "" if a request may name it; the server appends a number to the name of a sequential node.
std::string why_not(const std::string& path, bool sequential = false) {
  const std::string_view why = why_invalid(sequential ? path + "0" : path);
  return why.empty() ? "" : "the path '" + path + "' " + std::string(why);
}

Failure bad(std::string why) { return {ErrorCode::bad_arguments, std::move(why)}; }

Failure failure(std::string_view subject, ErrorCode code, bool write) {
  std::string message = std::string(subject) + ": " + std::string(describe(code));
  if (write && code == ErrorCode::connection_loss) message += "; the change may or may not have been made";
  return {code, std::move(message)};
}

bool is_last(const Event& event) {
  return event.type == EventType::expired || event.type == EventType::closed;
}

const std::string& path_of(const Op& op) {
  return std::visit([](const auto& o) -> const std::string& { return o.path; }, op);
}

}  // namespace

void throw_exception_from_error(const Failure& failure, const boost::source_location& /*where*/) {
  throw std::runtime_error(failure.message);
}

class Client::Impl {
 public:
  Impl(client::ConnectString servers, const client::SessionConfig& config)
      : chroot_(std::move(servers.chroot)),
        link_(std::move(servers.hosts), config, [this](const Event& event) { on_event(event); }) {}

  // Waits for the first word about the session: true if it is up.
  bool wait_until_open() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !events_.empty() || last_; });
    return !last_;
  }

  wire::Reply ask(wire::Request request) {
    const auto answered = std::make_shared<std::promise<wire::Reply>>();
    auto reply = answered->get_future();
    link_.submit(std::move(request), [answered](wire::Reply r) { answered->set_value(std::move(r)); });
    return reply.get();
  }

  // The body of the reply, which is of that type.
  template <class Body>
  Answer<Body> ask_for(std::string_view path, wire::Request request, bool write = false) {
    wire::Reply reply = ask(std::move(request));
    if (reply.error != ErrorCode::ok) return failure(path, reply.error, write);
    return std::get<Body>(std::move(reply.body));
  }

  std::optional<Event> next_event(std::optional<std::chrono::milliseconds> limit) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !events_.empty() || last_; };
    if (!limit) {
      changed_.wait(lock, ready);
    } else if (!changed_.wait_for(lock, *limit, ready)) {
      return std::nullopt;
    }
    if (events_.empty()) return last_;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  void close() { link_.close(); }

  // A caller's path as the server knows it, and back.
  std::string full(std::string_view path) const {
    if (chroot_.empty()) return std::string(path);
    return path == "/" ? chroot_ : chroot_ + std::string(path);
  }
  std::string local(std::string path) const {
    if (chroot_.empty() || path.compare(0, chroot_.size(), chroot_) != 0) return path;
    return path.size() == chroot_.size() ? "/" : path.substr(chroot_.size());
  }

  wire::CreateRequest create_request(const CreateOp& op) const {
    const WireMode mode = wire_mode(op.mode);
    return {mode.type, full(op.path), op.data, op.acl, mode.flags, 0};
  }
  wire::MultiOp wire_op(const Op& op) const {
    if (const auto* create = std::get_if<CreateOp>(&op)) return create_request(*create);
    if (const auto* set = std::get_if<SetOp>(&op))
      return wire::SetDataRequest{full(set->path), set->data, set->version};
    if (const auto* remove = std::get_if<RemoveOp>(&op))
      return wire::DeleteRequest{full(remove->path), remove->version};
    const auto& check = std::get<CheckOp>(op);
    return wire::CheckVersionRequest{full(check.path), check.version};
  }
  OpResult op_result(wire::MultiResult result) const {
    if (auto* create = std::get_if<wire::CreateReply>(&result.body))
      return {local(std::move(create->path)), {}};
    if (auto* create = std::get_if<wire::Create2Reply>(&result.body))
      return {local(std::move(create->path)), {}};
    if (const auto* set = std::get_if<wire::StatReply>(&result.body)) return {"", set->stat};
    return {};
  }

 private:
  void on_event(const Event& event) {
    const std::lock_guard lock(mutex_);
    if (is_last(event)) last_ = event;
    if (events_.size() == max_events) events_.pop_front();
    events_.push_back({event.type, event.path.empty() ? "" : local(event.path)});
    changed_.notify_all();
  }

  std::string chroot_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
  std::optional<Event> last_;  // the session is over
  client::Link link_;          // last: its thread uses the others
};

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Answer<std::unique_ptr<Client>> Client::open(const ClientOptions& options) {
  auto servers = client::parse_connect_string(options.servers);
  if (!servers) return bad(servers.error().message);
  if (options.session_timeout.count() <= 0 || options.session_timeout.count() > INT32_MAX) {
    return bad("the session time-out is not a positive number of milliseconds");
  }
  client::SessionConfig config;
  config.timeout_ms = static_cast<std::int32_t>(options.session_timeout.count());
  config.establish_ms = options.connect_timeout.count();
  auto impl = std::make_unique<Impl>(*std::move(servers), config);
  if (!impl->wait_until_open()) return failure(options.servers, ErrorCode::connection_loss, false);
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Answer<std::string> Client::create(std::string_view path, std::string data, CreateMode mode,
                                   std::vector<Acl> acl) {
  CreateOp op{std::string(path), std::move(data), mode, std::move(acl)};
  if (const std::string why = why_not(op.path, is_sequential(mode)); !why.empty()) return bad(why);
  wire::Reply reply = impl_->ask(impl_->create_request(op));
  if (reply.error != ErrorCode::ok) return failure(path, reply.error, true);
  if (auto* stated = std::get_if<wire::Create2Reply>(&reply.body))
    return impl_->local(std::move(stated->path));
  return impl_->local(std::get<wire::CreateReply>(std::move(reply.body)).path);
}

Answer<Node> Client::get(std::string_view path, Watch watch) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  auto reply =
      impl_->ask_for<wire::GetDataReply>(path, wire::GetDataRequest{impl_->full(path), watch == Watch::yes});
  if (!reply) return reply.error();
  return Node{std::move(reply->data).value_or(""), reply->stat};
}

Answer<Children> Client::children(std::string_view path, Watch watch) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  auto reply = impl_->ask_for<wire::Children2Reply>(
      path, wire::GetChildrenRequest{wire::OpCode::get_children2, impl_->full(path), watch == Watch::yes});
  if (!reply) return reply.error();
  std::sort(reply->children.begin(), reply->children.end());
  return Children{std::move(reply->children), reply->stat};
}

Answer<std::optional<Stat>> Client::exists(std::string_view path, Watch watch) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  const auto reply =
      impl_->ask_for<wire::StatReply>(path, wire::ExistsRequest{impl_->full(path), watch == Watch::yes});
  if (reply) return std::optional<Stat>(reply->stat);
  if (reply.error().code == ErrorCode::no_node) return std::optional<Stat>();
  return reply.error();
}

Answer<Stat> Client::set(std::string_view path, std::string data, std::int32_t version) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  const auto reply = impl_->ask_for<wire::StatReply>(
      path, wire::SetDataRequest{impl_->full(path), std::move(data), version}, true);
  if (!reply) return reply.error();
  return reply->stat;
}

Answer<void> Client::remove(std::string_view path, std::int32_t version) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  const auto reply =
      impl_->ask_for<std::monostate>(path, wire::DeleteRequest{impl_->full(path), version}, true);
  if (!reply) return reply.error();
  return {};
}

Answer<void> Client::sync(std::string_view path) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  const auto reply = impl_->ask_for<wire::PathReply>(path, wire::SyncRequest{impl_->full(path)});
  if (!reply) return reply.error();
  return {};
}

Answer<std::vector<OpResult>> Client::multi(const std::vector<Op>& ops) {
  wire::MultiRequest request;
  for (const Op& op : ops) {
    const auto* create = std::get_if<CreateOp>(&op);
    const std::string why = why_not(path_of(op), create && is_sequential(create->mode));
    if (!why.empty()) return bad(why);
    request.ops.push_back(impl_->wire_op(op));
  }
  auto reply = impl_->ask_for<wire::MultiReply>("the transaction", std::move(request), true);
  if (!reply) return reply.error();
  if (reply->results.size() != ops.size())
    return failure("the transaction", ErrorCode::marshalling_error, true);
  std::vector<OpResult> results;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    wire::MultiResult& result = reply->results[i];
    // Of a failed transaction: ok for those before the one that failed.
    if (result.error != ErrorCode::ok) return failure(path_of(ops[i]), result.error, true);
    results.push_back(impl_->op_result(std::move(result)));
  }
  return results;
}

Answer<void> Client::watch(std::string_view path, WatchMode mode) {
  if (const std::string why = why_not(std::string(path)); !why.empty()) return bad(why);
  const std::int32_t number = mode == WatchMode::recursive ? 1 : 0;
  const auto reply = impl_->ask_for<wire::ErrorReply>(path, wire::AddWatchRequest{impl_->full(path), number});
  if (!reply) return reply.error();
  return {};
}

Event Client::next_event() { return *impl_->next_event(std::nullopt); }
std::optional<Event> Client::next_event(std::chrono::milliseconds limit) { return impl_->next_event(limit); }
void Client::close() { impl_->close(); }

}  // namespace muster
