#include "server/runtime/peer_link.h"

#include <chrono>
#include <utility>

#include "common/check.h"
#include "server/node/peer_codec.h"
#include "server/runtime/introduction_codec.h"

namespace muster::runtime {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(2000);     // for an introduction
constexpr std::size_t kMaxQueueBytes = std::size_t{256} << 20;  // waiting for a server that does not read

}  // namespace

PeerLink::PeerLink(PeerLinkOwner& owner, std::string caller, Handshake handshake, Socket socket,
                   Poller& poller)
    : owner_(owner),
      caller_(std::move(caller)),
      handshake_(std::move(handshake)),
      patience_(socket.get_executor()),
      stream_(std::make_shared<Stream>(std::move(socket), *this, poller)) {}

void PeerLink::start() {
  patience_.expires_after(kPatience);
  patience_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->introduced_) self->lose("it did not introduce itself in time");
  });
  introduce(handshake_.opening());
  stream_->set_reading(true);
}

void PeerLink::introduce(const std::vector<Introduction>& introductions) {
  for (const auto& introduction : introductions) {
    stream_->queue().append([&](std::string& out) {
      append_peer_frame(out, [&](std::string& payload) { payload += encode(introduction); });
    });
  }
  stream_->flush();
}

void PeerLink::send(const node::PeerMessage& message) {
  CHECK(introduced_, "a message to a server that is not known yet");
  if (closed_) return;
  stream_->queue().append([&](std::string& out) {
    append_peer_frame(out, [&](std::string& payload) { node::append_encoded(payload, message); });
  });
}

void PeerLink::flush() {
  if (closed_) return;
  stream_->flush();
  if (stream_->waiting() > kMaxQueueBytes) lose("it does not read what it is sent");
}

void PeerLink::close() {
  closed_ = true;
  patience_.cancel();
  stream_->close();
}

void PeerLink::lose(std::string_view why) {
  if (closed_) return;
  const auto self = shared_from_this();  // the owner may let go of it
  close();
  owner_.on_lost(*this, why);
}

void PeerLink::on_bytes(std::string_view bytes) {
  const auto self = shared_from_this();
  if (!frames_.feed(bytes, [this](std::string_view frame) { return on_frame(frame); })) {
    lose("it sent a frame that is too long, or that was changed on its way");
  }
}

bool PeerLink::on_frame(std::string_view frame) {
  if (!introduced_) return on_introduction(frame);
  const auto message = node::decode_peer_message(frame);
  if (!message) {
    lose("it sent what is no message: " + message.error().message);
  } else {
    owner_.on_message(*this, *message);
  }
  return !closed_;
}

bool PeerLink::on_introduction(std::string_view frame) {
  const auto heard = decode_introduction(frame);
  const auto step = heard ? handshake_.on_introduction(*heard) : Result<Handshake::Step>(heard.error());
  if (!step) {
    lose("it " + step.error().message);
    return false;
  }
  introduce(step->send);
  if (step->done) {
    introduced_ = true;
    patience_.cancel();
    frames_.set_limit(max_peer_frame_bytes);
    owner_.on_introduced(*this);
  }
  return !closed_;
}

void PeerLink::on_broken(std::string_view why) { lose(why); }

}  // namespace muster::runtime
