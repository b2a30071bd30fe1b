#include <muster/client.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "client/src/core.h"
#include "client/src/testing.h"
#include "client/src/translate.h"

namespace muster {
namespace client {

// What the copies of a client hold: the last one closes the session.
class Handle {
 public:
  explicit Handle(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { core_->close(); }

  [[nodiscard]] Core& core() const { return *core_; }

 private:
  std::shared_ptr<Core> core_;
};

namespace {

template <class Body>
Body* body_of(Answered& answered) {
  return std::get_if<Body>(&answered.reply.body);
}

// Makes decoders of functions that turn a Body into values: an error passes by them.
template <class Body, class Take>
auto decode(Take take) {
  return [take](Answered& answered, auto&... values) -> error_code {
    if (answered.reply.error != ErrorCode::ok) return answered.reply.error;
    auto* body = body_of<Body>(answered);
    if (!body) return ErrorCode::marshalling_error;
    take(*body, values...);
    return {};
  };
}

const auto nothing = [](Answered& answered) -> error_code { return answered.reply.error; };
const auto stat = decode<wire::StatReply>([](wire::StatReply& body, Stat& out) { out = body.stat; });
const auto value = decode<wire::GetDataReply>([](wire::GetDataReply& body, Value& out) {
  out = {std::move(body.data).value_or(""), body.stat};
});
const auto names = decode<wire::Children2Reply>([](wire::Children2Reply& body, Children& out) {
  std::sort(body.children.begin(), body.children.end());
  out = {std::move(body.children), body.stat};
});

// That a node does not exist is no error here.
error_code maybe_stat(Answered& answered, std::optional<Stat>& out) {
  if (answered.reply.error == ErrorCode::no_node) return {};
  Stat found;
  const error_code error = stat(answered, found);
  if (!error) out = found;
  return error;
}

// The decoder of a read that leaves a watch.
template <class Decode>
auto with_watch(std::string path, Decode decode) {
  return [path = std::move(path), decode](Answered& answered, auto& out, Watch& watch) -> error_code {
    const error_code error = decode(answered, out);
    if (error) {
      answered.core.drop_watch(answered.id);
    } else {
      watch = WatchQueue::watch(answered.core.make_watch(answered.id, path, true));
    }
    return error;
  };
}

std::string joined(const std::vector<std::string>& members) {
  std::string text;
  for (const std::string& member : members) text += (text.empty() ? "" : ",") + member;
  return text;
}

std::optional<std::string> joined_or_null(const std::vector<std::string>& members) {
  if (members.empty()) return std::nullopt;
  return joined(members);
}

constexpr const char* config_path = "/zookeeper/config";

ConnectString must(Result<ConnectString> servers) {
  if (!servers) throw std::invalid_argument(servers.error().message);
  return *std::move(servers);
}

}  // namespace

// How one handle begins its operations.
struct Caller {
  Core& core;
  std::chrono::milliseconds timeout;
  bool linearizable;

  template <class Decode, class... Values>
  void begin(Operation::Kind kind, detail::Handler<Values...> handler, wire::Request request, bool synced,
             Decode decode) const {
    using Made = Call<Decode, Values...>;
    const auto call = std::make_shared<Made>(kind, std::move(handler), core.executor(), std::move(decode));
    call->request = std::move(request);
    call->timeout = timeout;
    call->synced = synced;
    const std::weak_ptr<Operation> operation = call;
    on_cancellation(call->handler(), [weak_core = core.weak_from_this(), operation] {
      if (const auto alive = weak_core.lock()) alive->cancel(operation);
    });
    core.submit(call);
  }

  template <class Decode, class... Values>
  void write(detail::Handler<Values...> handler, wire::Request request, Decode decode) const {
    begin(Operation::Kind::request, std::move(handler), std::move(request), false, std::move(decode));
  }
  template <class Decode, class... Values>
  void read(detail::Handler<Values...> handler, wire::Request request, Decode decode) const {
    begin(Operation::Kind::request, std::move(handler), std::move(request), linearizable, std::move(decode));
  }

  // A path as the servers know it. Nothing if it is malformed; then the operation has failed.
  template <class... Values>
  std::optional<std::string> full(detail::Handler<Values...>& handler, const std::string& path) const {
    if (may_name(path)) return full_path(core.chroot(), path);
    refuse(std::move(handler));
    return std::nullopt;
  }
  template <class... Values>
  void refuse(detail::Handler<Values...> handler) const {
    post_to(std::move(handler), core.executor(), make_error_code(ErrorCode::bad_arguments), Values()...);
  }
};

}  // namespace client

using client::Caller;
using client::Operation;

Client client::Testing::make_client(asio::any_io_executor executor, const ClientConfig& config,
                                    std::shared_ptr<Platform> platform) {
  return Client(std::make_shared<Handle>(
      Core::start(std::move(executor), config, must(servers_of(config)), std::move(platform))));
}

Client::Client(asio::any_io_executor executor, const ClientConfig& config)
    : Client(client::Testing::make_client(std::move(executor), config, client::machine())) {}

Client::Client(std::shared_ptr<client::Handle> handle) : handle_(std::move(handle)) {}

Caller Client::caller() const { return {handle_->core(), timeout_, linearizable_}; }

Client::executor_type Client::get_executor() const { return handle_->core().executor(); }

Client Client::with_timeout(std::chrono::milliseconds timeout) const {
  Client copy = *this;
  copy.timeout_ = timeout;
  return copy;
}

Client Client::linearizable() const {
  Client copy = *this;
  copy.linearizable_ = true;
  return copy;
}

// Changing the tree

void Client::create(Handler<Created> handler, std::string path, std::string data,
                    CreateOptions options) const {
  const std::string& chroot = handle_->core().chroot();
  auto request = client::create_request(chroot, path, std::move(data), options);
  if (!request) return caller().refuse(std::move(handler));
  const auto decode = [&chroot](wire::Create2Reply& body, Created& out) {
    out = {client::local_path(chroot, std::move(body.path)), body.stat};
  };
  caller().write(std::move(handler), *std::move(request), client::decode<wire::Create2Reply>(decode));
}

void Client::set(Handler<Stat> handler, std::string path, std::string data, std::int32_t version) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().write(std::move(handler), wire::SetDataRequest{*std::move(full), std::move(data), version},
                 client::stat);
}

void Client::remove(Handler<> handler, std::string path, std::int32_t version) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().write(std::move(handler), wire::DeleteRequest{*std::move(full), version}, client::nothing);
}

void Client::set_acl(Handler<Stat> handler, std::string path, std::vector<Acl> acl,
                     std::int32_t version) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().write(std::move(handler), wire::SetAclRequest{*std::move(full), std::move(acl), version},
                 client::stat);
}

void Client::multi(Handler<TransactionResult> handler, Transaction transaction) const {
  const std::string& chroot = handle_->core().chroot();
  const std::size_t size = transaction.size();
  auto request = detail::Requests::request(chroot, std::move(transaction));
  if (!request) return caller().refuse(std::move(handler));
  const auto decode = [&chroot, size](client::Answered& answered, TransactionResult& out) -> error_code {
    if (answered.reply.error != ErrorCode::ok) return answered.reply.error;
    auto* body = client::body_of<wire::MultiReply>(answered);
    return body ? detail::Requests::read(chroot, size, std::move(*body), out) : ErrorCode::marshalling_error;
  };
  caller().write(std::move(handler), *std::move(request), decode);
}

// Reading the tree

void Client::get(Handler<Value> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().read(std::move(handler), wire::GetDataRequest{*std::move(full), false}, client::value);
}

void Client::exists(Handler<std::optional<Stat>> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().read(std::move(handler), wire::ExistsRequest{*std::move(full), false}, client::maybe_stat);
}

void Client::children(Handler<Children> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  wire::GetChildrenRequest request{wire::OpCode::get_children2, *std::move(full), false};
  caller().read(std::move(handler), std::move(request), client::names);
}

void Client::count_descendants(Handler<std::int32_t> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  const auto decode = [](wire::CountReply& body, std::int32_t& out) { out = body.count; };
  caller().read(std::move(handler), wire::GetAllChildrenNumberRequest{*std::move(full)},
                client::decode<wire::CountReply>(decode));
}

void Client::get_acl(Handler<NodeAcl> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  const auto decode = [](wire::GetAclReply& body, NodeAcl& out) { out = {std::move(body.acl), body.stat}; };
  caller().read(std::move(handler), wire::GetAclRequest{*std::move(full)},
                client::decode<wire::GetAclReply>(decode));
}

void Client::ephemerals(Handler<std::vector<std::string>> handler, std::string prefix) const {
  const std::string& chroot = handle_->core().chroot();
  const auto decode = [&chroot](wire::EphemeralsReply& body, std::vector<std::string>& out) {
    for (std::string& path : body.paths) out.push_back(client::local_path(chroot, std::move(path)));
    std::sort(out.begin(), out.end());
  };
  caller().read(std::move(handler), wire::GetEphemeralsRequest{client::full_path(chroot, prefix)},
                client::decode<wire::EphemeralsReply>(decode));
}

void Client::multi_read(Handler<ReadBatchResult> handler, ReadBatch batch) const {
  auto request = detail::Requests::request(handle_->core().chroot(), batch);
  if (!request) return caller().refuse(std::move(handler));
  const auto decode = [batch = std::move(batch)](wire::MultiReply& body, ReadBatchResult& out) {
    out = detail::Requests::unanswered(batch);
    detail::Requests::read(std::move(body), out);
  };
  caller().read(std::move(handler), *std::move(request), client::decode<wire::MultiReply>(decode));
}

void Client::sync(Handler<> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().write(std::move(handler), wire::SyncRequest{*std::move(full)}, client::nothing);
}

// Watching

void Client::get_and_watch(Handler<Value, Watch> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().read(std::move(handler), wire::GetDataRequest{*std::move(full), true},
                client::with_watch(std::move(path), client::value));
}

void Client::exists_and_watch(Handler<std::optional<Stat>, Watch> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  caller().read(std::move(handler), wire::ExistsRequest{*std::move(full), true},
                client::with_watch(std::move(path), client::maybe_stat));
}

void Client::children_and_watch(Handler<Children, Watch> handler, std::string path) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  wire::GetChildrenRequest request{wire::OpCode::get_children2, *std::move(full), true};
  caller().read(std::move(handler), std::move(request), client::with_watch(std::move(path), client::names));
}

void Client::watch(Handler<WatchStream> handler, std::string path, WatchMode mode) const {
  auto full = caller().full(handler, path);
  if (!full) return;
  const auto decode = [path = std::move(path)](client::Answered& answered, WatchStream& out) -> error_code {
    if (answered.reply.error == ErrorCode::ok) {
      out = client::WatchQueue::stream(answered.core.make_watch(answered.id, path, false));
    }
    return answered.reply.error;
  };
  caller().write(std::move(handler),
                 wire::AddWatchRequest{*std::move(full), mode == WatchMode::recursive ? 1 : 0}, decode);
}

// The ensemble

void Client::get_config(Handler<Value> handler) const {
  caller().read(std::move(handler), wire::GetDataRequest{client::config_path, false}, client::value);
}

void Client::reconfig(Handler<Value> handler, Reconfiguration change) const {
  wire::ReconfigRequest request{client::joined_or_null(change.joining),
                                client::joined_or_null(change.leaving),
                                client::joined_or_null(change.members), change.if_version};
  caller().write(std::move(handler), std::move(request), client::value);
}

// The session

void Client::connected(Handler<> handler) const {
  caller().begin(Operation::Kind::connected, std::move(handler), {}, false, client::nothing);
}

void Client::add_auth(Handler<> handler, Credential credential) const {
  wire::AuthRequest request{0, std::move(credential.scheme), std::move(credential.auth)};
  caller().write(std::move(handler), std::move(request), client::nothing);
}

void Client::who_am_i(Handler<std::vector<AuthId>> handler) const {
  const auto decode = [](wire::WhoAmIReply& body, std::vector<AuthId>& out) { out = std::move(body.ids); };
  caller().write(std::move(handler), wire::WhoAmIRequest{}, client::decode<wire::WhoAmIReply>(decode));
}

void Client::graceful_close(Handler<> handler) const {
  caller().begin(Operation::Kind::close, std::move(handler), {}, false, client::nothing);
}

void Client::wait_for(Handler<> handler, std::chrono::milliseconds time) const {
  Caller paused = caller();
  paused.timeout = time;
  paused.begin(Operation::Kind::pause, std::move(handler), {}, false, client::nothing);
}

void Client::close() const { handle_->core().close(); }

SessionEvents Client::session_events() const {
  return client::SessionQueue::events(handle_->core().session_events());
}

SessionState Client::state() const { return handle_->core().snapshot().state; }
SessionId Client::session_id() const { return handle_->core().snapshot().id; }
std::chrono::milliseconds Client::negotiated_timeout() const { return handle_->core().snapshot().timeout; }
std::chrono::milliseconds Client::session_time_left() const { return handle_->core().session_time_left(); }
std::string Client::make_guid() const { return handle_->core().make_guid(); }

void Client::update_servers(std::string_view servers) const {
  client::Core& core = handle_->core();
  ClientConfig config = core.config();
  config.servers = servers;
  client::ConnectString parsed = client::must(client::servers_of(config));
  if (parsed.chroot != core.chroot()) {
    throw std::invalid_argument(
        "the new servers have another chroot than the old; make a client of its own for it");
  }
  core.update_servers(std::move(parsed.hosts));
}

}  // namespace muster
