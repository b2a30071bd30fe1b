#include "server/runtime/client_listener.h"

namespace muster::runtime {
namespace {

constexpr std::int64_t kEndMs =
    5000;  // for a closed connection's client to take its last bytes and to hang up

}  // namespace

ClientListener::ClientListener(NodeDriver& driver, Acceptor acceptor, Poller& poller, std::size_t max_links)
    : driver_(driver),
      listener_(std::move(acceptor),
                [this](Socket socket, const Caller& caller) { on_accepted(std::move(socket), caller); }),
      poller_(poller),
      max_links_(max_links) {}

void ClientListener::on_accepted(Socket socket, const Caller& caller) {
  if (links_.size() >= max_links_) return;  // and with it goes the socket
  const node::ConnId id = ++last_id_;
  auto& link = links_[id];
  link = std::make_unique<ClientLink>(*this, driver_, id, std::move(socket), poller_);
  driver_.input([&](node::Node& node, Now now) { node.client_opened(now, id, caller.address, caller.port); });
  link->start();
}

void ClientListener::write(node::ClientWrite write) {
  const auto link = links_.find(write.connection);
  if (link != links_.end()) link->second->write(std::move(write));
}

void ClientListener::flush() {
  for (ClientLink* link : to_flush_) link->flush();
  to_flush_.clear();
}

void ClientListener::expect_end(node::ConnId id) {
  ending_.emplace_back(NodeDriver::now().mono_ms + kEndMs, id);
}

void ClientListener::sweep(Now now) {
  for (; !ending_.empty() && ending_.front().first <= now.mono_ms; ending_.pop_front())
    forget(ending_.front().second);
}

void ClientListener::close() {
  listener_.close();
  to_flush_.clear();
  links_.clear();
}

}  // namespace muster::runtime
