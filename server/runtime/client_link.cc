#include "server/runtime/client_link.h"

#include <utility>

#include "server/runtime/client_listener.h"

namespace muster::runtime {
namespace {

constexpr std::size_t kBacklogStep = 64 * 1024;  // smaller changes of the backlog are not worth a word

}  // namespace

ClientLink::ClientLink(ClientListener& listener, NodeDriver& driver, node::ConnId id, Socket socket,
                       Poller& poller)
    : listener_(listener),
      driver_(driver),
      id_(id),
      stream_(std::make_shared<Stream>(std::move(socket), *this, poller)) {}

void ClientLink::write(node::ClientWrite write) {
  if (state_ != State::open) return;
  stream_->queue().push(std::move(write.bytes));
  if (write.reading) stream_->set_reading(*write.reading);
  if (write.close) {
    state_ = State::finishing;
    stream_->set_reading(false);
    listener_.expect_end(id_);
  }
  if (!to_flush_) listener_.flush_later(*this);
  to_flush_ = true;
}

void ClientLink::flush() {
  to_flush_ = false;
  stream_->flush();
  on_sent();
}

void ClientLink::on_sent() {
  const std::size_t waiting = stream_->waiting();
  if (state_ == State::finishing && waiting == 0) {
    state_ = State::ended;
    stream_->end_sending();
    stream_->set_reading(true);
  }
  if (state_ != State::open) return;
  const std::size_t change = waiting > reported_ ? waiting - reported_ : reported_ - waiting;
  if (change >= kBacklogStep || (waiting == 0 && reported_ != 0)) {
    reported_ = waiting;
    driver_.input([&](node::Node& node, Now now) { node.client_backlog(now, id_, waiting); });
  }
}

void ClientLink::on_bytes(std::string_view bytes) {
  if (state_ != State::open) return;
  driver_.input([&](node::Node& node, Now now) { node.client_bytes(now, id_, bytes); });
}

void ClientLink::on_broken(std::string_view) {
  if (state_ == State::open) driver_.input([&](node::Node& node, Now now) { node.client_closed(now, id_); });
  listener_.forget(id_);  // and with it this object
}

}  // namespace muster::runtime
