// What outlives its caller: removals that nobody waits for, of objects that are destroyed.
#pragma once

#include <muster/client.h>

#include <string>
#include <utility>

namespace muster::recipes {

// True of an error after which the same request may be made again: what it did, or did not, is then seen.
[[nodiscard]] bool may_ask_again(const error_code& error);

// Removes the node, across broken connections, for as long as the session lives; keeps the session until then. May be
// called where nothing can be thrown or awaited, also while the client's context is going.
void remove_in_background(const Client& client, std::string path) noexcept;

// Removes a node in the background when it goes out of scope, unless it was released.
class BackgroundRemoval {
 public:
  BackgroundRemoval(Client client, std::string path) : client_(std::move(client)), path_(std::move(path)) {}
  BackgroundRemoval(const BackgroundRemoval&) = delete;
  BackgroundRemoval& operator=(const BackgroundRemoval&) = delete;
  ~BackgroundRemoval() {
    if (!path_.empty()) remove_in_background(client_, std::move(path_));
  }
  void release() { path_.clear(); }

 private:
  Client client_;
  std::string path_;
};

}  // namespace muster::recipes
