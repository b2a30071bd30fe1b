#include "client/recipes/waiters.h"

#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace muster::recipes {

namespace asio = boost::asio;

void Waiters::wake() {
  const std::lock_guard lock(mutex_);
  for (Channel* channel : waiting_) channel->try_send(boost::system::error_code());
}

asio::awaitable<void> Waiters::wait(std::unique_lock<std::mutex> lock) {
  Channel channel(co_await asio::this_coro::executor, 1);
  // Also when the frame is destroyed with its context.
  struct Place {
    Place(Waiters& owner, Channel* mine) : waiters(owner) {
      const std::lock_guard guard(waiters.mutex_);
      at = waiters.waiting_.insert(waiters.waiting_.end(), mine);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      const std::lock_guard guard(waiters.mutex_);
      waiters.waiting_.erase(at);
    }
    Waiters& waiters;
    std::list<Channel*>::iterator at;
  };
  const Place place(*this, &channel);
  lock.unlock();
  co_await channel.async_receive(asio::use_awaitable);
}

}  // namespace muster::recipes
