// The least that three replicated servers can do with a write: hop to the leader, append and fdatasync on two of three, hop back. No
// election, no state, no checks; what gathers while a sync is under way goes into the next one. Server 1 leads. What a real ensemble
// reaches beside it says what its own work costs; disks and sockets cost both the same.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "tests/bench/null.h"

namespace {

using namespace muster;
using Index = std::uint64_t;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

// A log of fixed size that was really written once, so that a sync changes no metadata; it begins again at its front when it is full.
// One thread of its own writes and syncs what was handed over meanwhile.
class Log {
 public:
  explicit Log(const char* path) : file_(::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    const std::string zeros(std::size_t{1} << 20, '\0');
    for (std::size_t at = 0; at < capacity; at += zeros.size())
      if (::pwrite(file_, zeros.data(), zeros.size(), static_cast<off_t>(at)) < 0) fail(path);
    if (::fdatasync(file_) != 0) fail(path);
    thread_ = std::thread([this] { loop(); });
  }

  [[nodiscard]] int wake_up() const { return wake_up_; }  // readable when durable() has grown
  void append(std::string_view bytes, Index last) {
    const std::lock_guard lock(mutex_);
    waiting_ += bytes;
    last_ = last;
    wake_.notify_one();
  }
  [[nodiscard]] Index durable() {
    const std::lock_guard lock(mutex_);
    return durable_;
  }

 private:
  static constexpr std::size_t capacity = std::size_t{64} << 20;

  [[noreturn]] void loop() {
    for (std::size_t at = 0;;) {
      std::string bytes;
      Index last = 0;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !waiting_.empty(); });
        bytes.swap(waiting_);
        last = last_;
      }
      if (at + bytes.size() > capacity) at = 0;
      if (::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at)) < 0 || ::fdatasync(file_) != 0)
        fail("log");
      at += bytes.size();
      {
        const std::lock_guard lock(mutex_);
        durable_ = last;
      }
      const std::uint64_t one = 1;
      if (::write(wake_up_, &one, sizeof one) < 0) fail("wake-up");
    }
  }

  int file_;
  int wake_up_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  std::mutex mutex_;  // guards the next three
  std::string waiting_;
  Index last_ = 0, durable_ = 0;
  std::condition_variable wake_;
  std::thread thread_;
};

// Between servers: a type, a number, and entries: each its origin, its length and its bytes.
enum class What : std::uint8_t { forward, append, acknowledge, commit };
struct MessageHead {
  What what;
  Index number;  // how far is durable (acknowledge) or committed (commit)
  std::uint32_t bytes;
};
struct EntryHead {
  std::uint8_t origin;
  std::uint32_t bytes;
};

template <class Head>
void put(std::string& out, const Head& head) {
  out.append(reinterpret_cast<const char*>(&head), sizeof head);
}
template <class Head>
Head take(std::string_view& bytes) {
  Head head;
  std::memcpy(static_cast<void*>(&head), bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  return head;
}

class Server {
 public:
  Server(int self, const char* path, int client_port, int leader_port, std::size_t data_bytes)
      : self_(static_cast<std::uint8_t>(self)), log_(path), answers_(data_bytes) {
    bench::watch(epoll_, log_.wake_up());
    listener_ = bench::listen_on(client_port);
    bench::watch(epoll_, listener_);
    if (leads()) {
      peer_listener_ = bench::listen_on(leader_port);
      bench::watch(epoll_, peer_listener_);
    } else {
      join(leader_port);
    }
  }

  [[noreturn]] void run() {
    std::printf("127.0.0.1:%d\n", bench::port_of(listener_));
    std::fflush(stdout);
    std::array<epoll_event, 256> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < count; ++i) ready(events[static_cast<std::size_t>(i)].data.fd);
      end_turn();
    }
  }

 private:
  struct Waiting {
    int client;
    Xid xid;
    wire::OpCode type;
  };
  struct Peer {
    int fd = -1;
    std::string in, out;
    Index durable = 0;
  };

  [[nodiscard]] bool leads() const { return self_ == 1; }

  void join(int leader_port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(leader_port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (;;) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
        return add_peer(fd);
      ::close(fd);
      ::usleep(10'000);
    }
  }
  void add_peer(int fd) {
    bench::no_delay(fd);
    peers_[fd].fd = fd;
    bench::watch(epoll_, fd);
  }

  void ready(int fd) {
    if (fd == listener_) {
      const int accepted = bench::accept_from(listener_);
      if (accepted < 0) return;
      clients_[accepted] = std::make_unique<bench::Client>();
      clients_[accepted]->fd = accepted;
      bench::watch(epoll_, accepted);
    } else if (fd == peer_listener_) {
      const int accepted = bench::accept_from(peer_listener_);
      if (accepted >= 0) add_peer(accepted);
    } else if (fd == log_.wake_up()) {
      std::uint64_t count = 0;
      if (::read(fd, &count, sizeof count) < 0) return;
      on_durable(log_.durable());
    } else if (const auto peer = peers_.find(fd); peer != peers_.end()) {
      read_peer(peer->second);
    } else {
      read_client(fd);
    }
  }

  // Front.

  void read_client(int fd) {
    bench::Client& client = *clients_.at(fd);
    const auto take_writes = [&](Xid xid, wire::OpCode type, std::string_view body) {
      if (!bench::is_write(type)) return false;
      waiting_.push_back({fd, xid, type});
      put(forwards_, EntryHead{self_, static_cast<std::uint32_t>(body.size())});
      forwards_ += body;
      return true;
    };
    if (client.read(buffer_) && client.serve(answers_, take_writes) && client.flush()) return;
    clients_.erase(fd);
    ::close(fd);
  }
  void complete_oldest() {
    const Waiting waiting = waiting_.front();
    waiting_.pop_front();
    const auto client = clients_.find(waiting.client);  // a measurement closes nothing that it waits for
    if (client != clients_.end()) answers_.append(client->second->out, waiting.xid, waiting.type);
    to_flush_.push_back(waiting.client);
  }

  // The log.

  void append(std::string_view entries) {
    while (!entries.empty()) {
      const auto head = take<EntryHead>(entries);
      entries.remove_prefix(head.bytes);
      origins_.push_back(head.origin);
      ++last_;
    }
  }
  void on_durable(Index durable) {
    durable_ = durable;
    if (leads()) return maybe_commit();
    say({What::acknowledge, durable, 0}, {});
  }
  void maybe_commit() {
    std::array<Index, 3> all{durable_, 0, 0};
    std::size_t used = 1;
    for (const auto& peer : peers_) all.at(used++) = peer.second.durable;
    std::sort(all.begin(), all.end());
    if (all[1] <= committed_) return;
    commit(all[1]);
    say({What::commit, all[1], 0}, {});
  }
  void commit(Index to) {
    for (; committed_ < to; ++committed_) {
      if (origins_.front() == self_) complete_oldest();
      origins_.pop_front();
    }
  }

  // Peers.

  void say(const MessageHead& head, std::string_view entries) {
    for (auto& peer : peers_) {
      put(peer.second.out, head);
      peer.second.out += entries;
    }
  }
  void read_peer(Peer& peer) {
    const ssize_t count = ::recv(peer.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (count == 0) std::exit(0);
    if (count < 0) return;
    peer.in.append(buffer_.data(), static_cast<std::size_t>(count));
    std::string_view left = peer.in;
    while (left.size() >= sizeof(MessageHead)) {
      std::string_view rest = left;
      const auto head = take<MessageHead>(rest);
      if (rest.size() < head.bytes) break;
      on_message(peer, head, rest.substr(0, head.bytes));
      left = rest.substr(head.bytes);
    }
    peer.in.erase(0, peer.in.size() - left.size());
  }
  void on_message(Peer& peer, const MessageHead& head, std::string_view entries) {
    switch (head.what) {
      case What::forward:
        received_ += entries;
        break;
      case What::append:
        append(entries);
        log_.append(entries, last_);
        break;
      case What::acknowledge:
        peer.durable = head.number;
        maybe_commit();
        break;
      case What::commit:
        commit(head.number);
        break;
    }
  }

  // All that one turn of the loop brought leaves together.
  void end_turn() {
    if (leads()) {
      received_ += forwards_;
      if (!received_.empty()) {
        append(received_);
        say({What::append, last_, static_cast<std::uint32_t>(received_.size())}, received_);
        log_.append(received_, last_);
        received_.clear();
      }
    } else if (!forwards_.empty()) {
      say({What::forward, 0, static_cast<std::uint32_t>(forwards_.size())}, forwards_);
    }
    forwards_.clear();
    for (auto& peer : peers_)
      if (!bench::send_all(peer.first, peer.second.out)) std::exit(0);
    for (const int fd : to_flush_) {
      const auto client = clients_.find(fd);
      if (client != clients_.end()) (void)client->second->flush();
    }
    to_flush_.clear();
  }

  std::uint8_t self_;
  Log log_;
  bench::Answers answers_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  int listener_ = -1, peer_listener_ = -1;
  std::unordered_map<int, std::unique_ptr<bench::Client>> clients_;
  std::map<int, Peer> peers_;  // of the leader both others, of them only the leader
  std::deque<Waiting> waiting_;
  std::string forwards_;              // our clients' writes of this turn
  std::string received_;              // the others' writes of this turn
  std::deque<std::uint8_t> origins_;  // of what is not committed yet
  Index last_ = 0, durable_ = 0, committed_ = 0;
  std::vector<int> to_flush_;
  std::string buffer_ = std::string(std::size_t{256} * 1024, '\0');
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr,
                 "null_chain 1|2|3 LOG-FILE CLIENT-PORT LEADER-PORT BYTES: three of them, number 1 leads\n");
    return 2;
  }
  Server(std::atoi(argv[1]), argv[2], std::atoi(argv[3]), std::atoi(argv[4]),
         static_cast<std::size_t>(std::atoi(argv[5])))
      .run();
}
