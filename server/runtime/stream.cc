#include "server/runtime/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace muster::runtime {
namespace {

bool is_later(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::string sentence(int error) { return error_code(error, boost::system::system_category()).message(); }

}  // namespace

Stream::Stream(Socket socket, StreamOwner& owner, ReadBuffer& buffer)
    : socket_(std::move(socket)), owner_(&owner), buffer_(&buffer) {
  buffer_->resize(read_buffer_bytes);
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

void Stream::set_reading(bool on) {
  reading_ = on;
  if (on && !read_waits_ && owner_ != nullptr) wait_readable();
}

// Waiting and then reading into a shared buffer: ten thousand idle connections hold no buffers.
void Stream::wait_readable() {
  read_waits_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->read_waits_ = false;
    if (self->owner_ == nullptr) return;
    if (error) return self->broken(error.message());
    if (self->reading_) self->on_readable();
  });
}

void Stream::on_readable() {
  // A few full buffers at a time: fast for one who sends much, fair to all others.
  for (int round = 0; round < 4; ++round) {
    const ssize_t count = ::recv(socket_.native_handle(), buffer_->data(), buffer_->size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && is_later(errno)) break;
    if (count < 0) return broken(sentence(errno));
    if (count == 0) return broken("the other side closed the connection");
    owner_->on_bytes(std::string_view(buffer_->data(), static_cast<std::size_t>(count)));
    if (owner_ == nullptr || !reading_) return;
    if (static_cast<std::size_t>(count) < buffer_->size()) break;
  }
  wait_readable();
}

void Stream::flush() {
  if (write_waits_ || owner_ == nullptr) return;
  SendQueue::Vector pieces;
  while (!queue_.empty()) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = queue_.front(pieces);
    const ssize_t count = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
      queue_.pop(static_cast<std::size_t>(count));
    } else if (is_later(errno)) {
      return wait_writable();
    } else if (errno != EINTR) {
      // Told later: the caller may be in the middle of its own streams.
      asio::post(socket_.get_executor(), [self = shared_from_this(), why = sentence(errno)] {
        if (self->owner_ != nullptr) self->broken(why);
      });
      return;
    }
  }
}

void Stream::wait_writable() {
  write_waits_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->write_waits_ = false;
    if (self->owner_ == nullptr) return;
    if (error) return self->broken(error.message());
    self->flush();
    if (self->owner_ != nullptr) self->owner_->on_sent();
  });
}

void Stream::end_sending() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
  owner_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

void Stream::broken(std::string_view why) {
  StreamOwner* owner = owner_;
  close();
  owner->on_broken(why);
}

}  // namespace muster::runtime
