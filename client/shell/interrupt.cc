#include "client/shell/interrupt.h"

#include <pthread.h>

#include <csignal>
#include <cstdlib>

namespace muster::shell {
namespace {

constexpr int status_of_an_interrupted_program = 128 + SIGINT;

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = our_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { wait(); });
}

Interrupt::~Interrupt() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
}

void Interrupt::closes(const BlockingClient& client) {
  const std::lock_guard lock(mutex_);
  client_ = &client;
}

void Interrupt::wait() {
  const sigset_t set = our_signals();
  for (;;) {
    int signal = 0;
    sigwait(&set, &signal);
    const std::lock_guard lock(mutex_);
    if (over_) return;
    if (!client_) std::_Exit(status_of_an_interrupted_program);
    client_->close_soon();
  }
}

}  // namespace muster::shell
