// One leader among many.
//
//   muster::recipes::Election election(client, "/leader", "host-7");
//   muster::recipes::Leadership office = co_await election.campaign();   // we lead
//   …
//   co_await office.unlock();                                            // resigns; the next one leads
//
// A Leadership is a Lock: it has a fencing token that is greater than that of every leader before, guards transactions,
// and tells when it is lost. Who waits leads in the order of asking; one that goes wakes one. Rules, cancellation and errors:
// lock.h.
#pragma once

#include <muster/recipes/lock.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::recipes {

using Leadership = Lock;

struct Participant {
  std::string id;
  Zxid token;  // that it leads with, or will
  friend bool operator==(const Participant&, const Participant&) = default;
};

enum class ElectionForm {
  selector,  // Curator's LeaderSelector and kazoo's Election compete with us
  latch,     // Curator's LeaderLatch does
};

class Election {
 public:
  // `id`: what others see of us.
  Election(Client client, std::string path, std::string id, ElectionForm form = ElectionForm::selector);

  // Waits until we lead.
  [[nodiscard]] asio::awaitable<Leadership> campaign() const;
  // Nothing if we did not lead within that time.
  [[nodiscard]] asio::awaitable<std::optional<Leadership>> campaign_within(
      std::chrono::milliseconds limit) const;
  // Who leads, and then who follows in this order; of one moment, not older than this session's own writes.
  [[nodiscard]] asio::awaitable<std::vector<Participant>> participants() const;

 private:
  Client client_;
  std::string path_, id_;
  ElectionForm form_;
};

// Tells who leads, without taking part.
class LeaderObserver {
 public:
  LeaderObserver(Client client, std::string path);

  // At first who leads now; then, each time, the next one that is another. Nothing: nobody leads. Leaders that came and
  // went between two calls are left out. One call at a time; keep this until it ends.
  [[nodiscard]] asio::awaitable<std::optional<Participant>> next();

 private:
  Client client_;
  std::string path_;
  std::optional<std::string> last_;  // the node of whom was told; "" of nobody
};

}  // namespace muster::recipes
