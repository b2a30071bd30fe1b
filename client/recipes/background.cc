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

// What was asked before, and given up or without an answer, is decided when this reads: it comes after it on the same session.
void remove_ours(const Client& client, const std::string& path, const IsOurs& is_ours) {
  client.linearizable().async_get(path, [=](error_code error, const Value& value) {
    const auto again = [=] { remove_ours(client, path, is_ours); };
    if (may_ask_again(error)) return again();
    if (error || !is_ours(value)) return;
    client.async_remove(path, any_version, [=](error_code failed) {
      if (may_ask_again(failed)) return again();
      if (is_refused_for_now(failed)) ask_later(client, again);
    });
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

void remove_ours_in_background(const Client& client, const std::string& path, IsOurs is_ours) noexcept {
  if (is_over(client.state())) return;
  remove_ours(client.with_timeout(std::chrono::milliseconds(0)), path, is_ours);
}

IsOurs of_session(const Client& client) {
  return
      [session = client.session_id()](const Value& value) { return value.stat.ephemeral_owner == session; };
}

}  // namespace muster::recipes
