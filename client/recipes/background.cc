#include "client/recipes/background.h"

#include <utility>

namespace muster::recipes {
namespace {

void remove(const Client& client, const std::string& path) {
  client.async_remove(path, any_version, [client, path](error_code error) {
    if (may_ask_again(error)) return remove(client, path);
    if (is_refused_for_now(error)) ask_later(client, [client, path] { remove(client, path); });
  });
}

// A creation that was given up is decided when this reads: it comes after it on the same session.
void remove_ours(const Client& client, const std::string& path) {
  client.linearizable().async_exists(path, [client, path](error_code error, const std::optional<Stat>& stat) {
    if (may_ask_again(error)) return remove_ours(client, path);
    if (!error && stat && stat->ephemeral_owner == client.session_id()) remove(client, path);
  });
}

}  // namespace

bool may_ask_again(const error_code& error) {
  return error == ErrorCode::connection_loss || error == ErrorCode::data_inconsistency;
}

void ask_later(const Client& client, std::function<void()> ask) {
  client.async_wait_for(std::chrono::milliseconds(500), [ask = std::move(ask)](error_code over) {
    if (!over) ask();
  });
}

void remove_in_background(const Client& client, const std::string& path) noexcept {
  if (is_over(client.state())) return;  // also: its context is going
  remove(client.with_timeout(std::chrono::milliseconds(0)), path);
}

void remove_ours_in_background(const Client& client, const std::string& path) noexcept {
  if (is_over(client.state())) return;
  remove_ours(client.with_timeout(std::chrono::milliseconds(0)), path);
}

}  // namespace muster::recipes
