// The least that a server can do: one thread, epoll, every request is answered at once with success. Nothing is kept. What a real
// server reaches beside it says what its own work costs; the sockets cost both the same.
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <unordered_map>

#include "tests/bench/null.h"

using namespace muster;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "null_server PORT BYTES: answers everything; BYTES of data in each answer to get\n");
    return 2;
  }
  const int listener = bench::listen_on(std::atoi(argv[1]));
  bench::Answers answers(static_cast<std::size_t>(std::atoi(argv[2])));
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  bench::watch(epoll, listener);
  std::printf("127.0.0.1:%d\n", bench::port_of(listener));
  std::fflush(stdout);

  std::unordered_map<int, std::unique_ptr<bench::Client>> clients;
  const auto answer_at_once = [](Xid, wire::OpCode, std::string_view) { return false; };
  std::string buffer(std::size_t{256} * 1024, '\0');
  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener) {
        const int accepted = bench::accept_from(listener);
        if (accepted < 0) continue;
        clients[accepted] = std::make_unique<bench::Client>();
        clients[accepted]->fd = accepted;
        bench::watch(epoll, accepted);
        continue;
      }
      bench::Client& client = *clients.at(fd);
      if (client.read(buffer) && client.serve(answers, answer_at_once) && client.flush()) continue;
      clients.erase(fd);
      ::close(fd);
    }
  }
}
