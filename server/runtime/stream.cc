#include "server/runtime/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace muster::runtime {
namespace {

bool is_later(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::string sentence(int error) { return error_code(error, boost::system::system_category()).message(); }

}  // namespace

// The poller waits for it from here on, not Asio.
Stream::Stream(Socket socket, StreamOwner& owner, Poller& poller)
    : fd_(-1), owner_(&owner), poller_(&poller), id_(0) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  id_ = poller.add(socket.native_handle(), *this);
  fd_ = socket.release();
}

Stream::~Stream() { close(); }

void Stream::set_reading(bool on) {
  const bool begins = on && !reading_;
  reading_ = on;
  if (begins && readable_ && owner_ != nullptr) poller_->again(id_);
}

void Stream::on_ready(Ready ready) {
  const auto self = shared_from_this();  // the owner may let go of it
  readable_ = readable_ || ready.readable;
  ended_ = ended_ || ready.ended;
  if (ready.writable && write_waits_) {
    write_waits_ = false;
    flush();
    if (owner_ != nullptr) owner_->on_sent();
  }
  if (owner_ != nullptr && reading_ && readable_) read();
}

// A few full buffers at a time: fast for one who sends much, fair to all others. A buffer that is not filled was the last: whatever
// comes after it is an edge.
void Stream::read() {
  std::string& buffer = poller_->buffer();
  for (int round = 0; round < 4; ++round) {
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && is_later(errno)) {
      readable_ = false;
      return;
    }
    if (count < 0) return broken(sentence(errno));
    if (count == 0) return broken("the other side closed the connection");
    readable_ = ended_ || static_cast<std::size_t>(count) == buffer.size();
    owner_->on_bytes(std::string_view(buffer.data(), static_cast<std::size_t>(count)));
    if (owner_ == nullptr || !reading_ || !readable_) return;
  }
  poller_->again(id_);
}

void Stream::flush() {
  if (write_waits_ || owner_ == nullptr) return;
  SendQueue::Vector pieces;
  while (!queue_.empty()) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = queue_.front(pieces);
    const ssize_t count = ::sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      queue_.pop(static_cast<std::size_t>(count));
    } else if (is_later(errno)) {
      write_waits_ = true;
      return;
    } else if (errno != EINTR) {
      // Told later: the caller may be in the middle of its own streams.
      asio::post(poller_->io(), [self = shared_from_this(), why = sentence(errno)] {
        if (self->owner_ != nullptr) self->broken(why);
      });
      return;
    }
  }
}

void Stream::end_sending() { ::shutdown(fd_, SHUT_WR); }

void Stream::close() {
  if (std::exchange(owner_, nullptr) == nullptr) return;
  poller_->remove(id_);
  ::close(fd_);
}

void Stream::broken(std::string_view why) {
  StreamOwner* owner = owner_;
  close();
  owner->on_broken(why);
}

}  // namespace muster::runtime
