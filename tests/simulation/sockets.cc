#include "tests/simulation/sockets.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace muster::simulation {

Sockets::Sockets(Loop& loop, const Profile& profile, Expiry& expiry, Random random)
    : loop_(loop), profile_(profile), expiry_(expiry), random_(random) {}

Sockets::Socket* Sockets::find(SocketId id) {
  const auto place = sockets_.find(id);
  return place == sockets_.end() ? nullptr : &place->second;
}

void Sockets::to_server(SocketId id, std::function<void(Socket&)> action) {
  Socket& socket = sockets_.at(id);
  const std::int64_t delay = random_.between(profile_.client_delay_us / 2 + 1, profile_.client_delay_us * 2);
  socket.last_to_server_us = std::max(socket.last_to_server_us, loop_.now_us() + delay);
  loop_.at(socket.last_to_server_us, [this, id, act = std::move(action)] {
    Socket* found = find(id);
    if (found != nullptr && !found->silent) act(*found);
  });
}

void Sockets::to_client(SocketId id, std::function<void(Socket&)> action) {
  Socket& socket = sockets_.at(id);
  const std::int64_t delay = random_.between(profile_.client_delay_us / 2 + 1, profile_.client_delay_us * 2);
  socket.last_to_client_us = std::max(socket.last_to_client_us, loop_.now_us() + delay);
  loop_.at(socket.last_to_client_us, [this, id, act = std::move(action)] {
    Socket* found = find(id);
    if (found != nullptr && !found->silent && found->client != nullptr) act(*found);
  });
}

SocketId Sockets::open(ClientEnd& client, int server) {
  const SocketId id = ++last_id_;
  sockets_[id] = Socket{.client = &client, .server = server, .unread = {}, .last_sent = {}};
  to_server(id, [this, id](Socket& socket) {
    ServerEnd& end = *servers_[static_cast<std::size_t>(socket.server)];
    if (!end.accepts()) {
      to_client(id, [this, id](Socket& refused) { close_at_client(id, refused); });
      return;
    }
    socket.at_server = true;
    end.client_opened(id, "10.0.0.7");
    if (find(id) == nullptr) return;  // the server died of it
    to_client(id, [id](Socket& opened) { opened.client->on_connected(id); });
  });
  return id;
}

void Sockets::send(SocketId id, std::string bytes) {
  Socket* open = find(id);
  if (open == nullptr) return;
  if (profile_.rates[Fault::cut_in_frame] > 0) open->last_sent = bytes;
  if (profile_.split_streams && bytes.size() > 1 && random_.chance(1, 3)) {
    const auto cut =
        static_cast<std::size_t>(random_.between(1, static_cast<std::int64_t>(bytes.size()) - 1));
    std::string rest = bytes.substr(cut);
    bytes.resize(cut);
    to_server(id, [this, id, first = std::move(bytes)](Socket& socket) { deliver(id, socket, first); });
    to_server(id, [this, id, second = std::move(rest)](Socket& socket) { deliver(id, socket, second); });
    return;
  }
  to_server(id, [this, id, all = std::move(bytes)](Socket& socket) { deliver(id, socket, all); });
}

void Sockets::deliver(SocketId id, Socket& socket, std::string bytes) {
  if (!socket.at_server) return;
  if (!socket.reading) {
    socket.unread.push_back(std::move(bytes));
    return;
  }
  expiry_.heard(id, loop_.now_us());
  servers_[static_cast<std::size_t>(socket.server)]->client_bytes(id, std::move(bytes));
}

void Sockets::close(SocketId id) {
  Socket* socket = find(id);
  if (socket == nullptr) return;
  socket->client = nullptr;
  expiry_.lost(id);
  to_server(id, [this, id](Socket& closed) { close_at_server(id, closed); });
}

void Sockets::abandon(SocketId id) {
  Socket* socket = find(id);
  if (socket == nullptr) return;
  socket->client = nullptr;
  expiry_.lost(id);
  socket->last_to_server_us =
      std::max(socket->last_to_server_us, loop_.now_us() + random_.between(100'000, 60'000'000));
  to_server(id, [this, id](Socket& closed) { close_at_server(id, closed); });
}

void Sockets::write(int server, const node::ClientWrite& write) {
  Socket* socket = find(write.connection);
  if (socket == nullptr || !socket->at_server || socket->server != server) return;
  const SocketId id = write.connection;
  if (!write.bytes.empty()) {
    if (loop_.now_us() < socket->reads_again_us) {
      socket->backlog += write.bytes.size();
      to_server(id, [this, id](Socket&) { tell_backlog(id); });  // after this output is done with
    }
    to_client(id, [id, bytes = write.bytes](Socket& open) { open.client->on_bytes(id, bytes); });
  }
  if (write.reading) {
    socket->reading = *write.reading;
    if (socket->reading) {
      // After this output is done with, as a socket becomes readable.
      to_server(id, [this, id](Socket& open) {
        std::vector<std::string> waiting = std::exchange(open.unread, {});
        for (std::string& bytes : waiting) {
          if (Socket* still = find(id)) deliver(id, *still, std::move(bytes));
        }
      });
    }
  }
  if (write.close) {
    if (socket->backlog > 0) loop_.mark("client closed that did not read");
    socket->at_server = false;
    expiry_.lost(id);
    to_client(id, [this, id](Socket& open) { close_at_client(id, open); });
    forget_if_done(id);
  }
}

void Sockets::close_at_server(SocketId id, Socket& socket) {
  if (!socket.at_server) return forget_if_done(id);
  socket.at_server = false;
  expiry_.lost(id);
  servers_[static_cast<std::size_t>(socket.server)]->client_closed(id);
  forget_if_done(id);
}

void Sockets::close_at_client(SocketId id, Socket& socket) {
  ClientEnd* client = std::exchange(socket.client, nullptr);
  expiry_.lost(id);
  forget_if_done(id);
  if (client != nullptr) client->on_closed(id);
}

void Sockets::forget_if_done(SocketId id) {
  const Socket* socket = find(id);
  if (socket != nullptr && socket->client == nullptr && !socket->at_server) sockets_.erase(id);
}

void Sockets::host_down(int server) {
  std::vector<SocketId> gone;
  for (auto& [id, socket] : sockets_) {
    if (socket.server != server || !socket.at_server) continue;
    socket.at_server = false;
    socket.unread.clear();
    expiry_.lost(id);
    gone.push_back(id);
  }
  for (const SocketId id : gone) {
    Socket& socket = sockets_.at(id);
    if (socket.client == nullptr) {
      forget_if_done(id);
    } else if (random_.chance(static_cast<std::uint64_t>(profile_.rates[Fault::half_open]), 100)) {
      socket.silent = true;  // the client finds out by its own time-out
    } else {
      to_client(id, [this, id](Socket& open) { close_at_client(id, open); });
    }
  }
}

SocketId Sockets::any(Random& random) const {
  auto place = sockets_.begin();
  std::advance(place, static_cast<std::ptrdiff_t>(random.below(sockets_.size())));
  return place->first;
}

void Sockets::stop_any_reading(Random& random, std::int64_t for_us) {
  if (sockets_.empty()) return;
  const SocketId id = any(random);
  loop_.fault(Fault::slow_reader, {static_cast<std::int64_t>(id)});
  Socket& socket = sockets_.at(id);
  const std::int64_t until_us = loop_.now_us() + for_us;
  socket.reads_again_us = std::max(socket.reads_again_us, until_us);
  socket.last_to_client_us = std::max(socket.last_to_client_us, until_us);
  loop_.at(until_us, [this, id, until_us] {
    Socket* open = find(id);
    if (open == nullptr || open->reads_again_us > until_us) return;
    open->backlog = 0;
    tell_backlog(id);
  });
}

void Sockets::tell_backlog(SocketId id) {
  const Socket& socket = sockets_.at(id);
  if (socket.at_server) servers_[static_cast<std::size_t>(socket.server)]->client_backlog(id, socket.backlog);
}

void Sockets::break_any() {
  if (sockets_.empty()) return;
  const SocketId id = any(random_);
  loop_.fault(Fault::client_break, {static_cast<std::int64_t>(id)});
  Socket& socket = sockets_.at(id);
  if (random_.chance(static_cast<std::uint64_t>(profile_.rates[Fault::half_open]), 100)) {
    expiry_.lost(id);
    const std::int64_t notices_us = random_.between(1'000'000, 30'000'000);
    socket.silent = true;
    loop_.after(notices_us, [this, id] {
      Socket* found = find(id);
      if (found != nullptr) close_at_server(id, *found);
    });
    return;
  }
  // Its client sends what it sent last once more, and the server gets the front of it.
  if (socket.client != nullptr && socket.last_sent.size() > 1 &&
      random_.chance(static_cast<std::uint64_t>(profile_.rates[Fault::cut_in_frame]), 100)) {
    loop_.fault(Fault::cut_in_frame, {static_cast<std::int64_t>(id)});
    const std::string front = socket.last_sent.substr(0, random_.below(socket.last_sent.size() - 1) + 1);
    to_server(id, [this, id, front](Socket& open) { deliver(id, open, front); });
  }
  to_server(id, [this, id](Socket& broken_one) { close_at_server(id, broken_one); });
  to_client(id, [this, id](Socket& broken_one) { close_at_client(id, broken_one); });
}

}  // namespace muster::simulation
