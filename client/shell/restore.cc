#include "server/data/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "client/shell/backup.h"
#include "client/shell/commands.h"
#include "client/shell/state_view.h"
#include "server/config/config.h"
#include "server/data/difference.h"
#include "server/tree/checkpoint_source.h"

namespace muster::shell {
namespace {

constexpr int kAttempts = 5;

tree::Tree state_of(SuperSession& session) {
  tree::TreeLoader loader;
  wire::BackupBegunReply begun;
  bool fits = true;
  read_state(
      session, [&](const wire::BackupBegunReply& view) { begun = view; },
      [&](const std::vector<tree::Record>& records) {
        for (const tree::Record& record : records) fits = fits && loader.add(record);
      });
  std::optional<tree::Tree> tree;
  if (fits) tree = loader.take(begun.zxid);
  if (!tree || tree->digest() != begun.digest)
    throw Complaint(session.server() + " sent another state than it said; try again, or another server");
  return std::move(*tree);
}

void print(const data::Difference& difference, Zxid zxid, const std::string& path, std::size_t multis) {
  fmt::print(
      "beside the state at zxid {}, below {}: {} znodes to create, {} to change, {} to remove, {} access "
      "lists to set\n",
      zxid.value, path, difference.created, difference.changed, difference.removed, difference.lists.size());
  if (difference.spared > 0)
    fmt::print("{} znodes stay: live ephemeral ones, and what they stand in\n", difference.spared);
  if (difference.left_out > 0)
    fmt::print("{} znodes are left out: an ephemeral one stands in their place\n", difference.left_out);
  if (multis > 1) fmt::print("too much for one operation: it takes {}\n", multis);
}

// What the first refused operation says; ok if there is none.
ErrorCode refusal_in(const wire::Reply& reply) {
  if (reply.error != ErrorCode::ok) return reply.error;
  for (const wire::MultiResult& result : std::get<wire::MultiReply>(reply.body).results)
    if (result.error != ErrorCode::ok) return result.error;
  return ErrorCode::ok;
}

// Somebody else wrote there since it was looked at.
bool overtaken(ErrorCode error) {
  return error == ErrorCode::bad_version || error == ErrorCode::no_node || error == ErrorCode::node_exists ||
         error == ErrorCode::not_empty || error == ErrorCode::no_children_for_ephemerals;
}

// False: overtaken, and to be looked at again.
bool applied(SuperSession& session, const wire::Request& request) {
  const ErrorCode error = refusal_in(session.try_call(request));
  if (overtaken(error)) return false;
  if (error != ErrorCode::ok)
    throw Complaint(
        fmt::format("{} refuses ({}); what was done before stays", session.server(), describe(error)));
  return true;
}

bool applied(SuperSession& session, const std::vector<wire::MultiRequest>& multis,
             const std::vector<wire::SetAclRequest>& lists) {
  return std::all_of(multis.begin(), multis.end(),
                     [&](const auto& multi) { return applied(session, multi); }) &&
         std::all_of(lists.begin(), lists.end(), [&](const auto& list) { return applied(session, list); });
}

}  // namespace

void restore_server(const Restore& what) {
  const config::Loaded loaded = config::load(what.config);
  if (!loaded.problems.empty()) throw Complaint(loaded.problems.front());
  const data::NewServer server{loaded.config.server_id, loaded.config.membership(), loaded.config.data_dir,
                               what.name};
  data::check(server);
  fmt::print("{}", data::describe(data::load_backup(what.file)));
  fmt::print("goes into {} as server {} of {}, ensemble \"{}\"\n", server.directory, server.self.value,
             server.membership.members.size(), server.name);
  if (what.dry_run) return;
  data::restore(what.file, server);
  fmt::print(
      "done. Do the same on every server, with the same backup and name, before the first of them starts\n");
}

void restore_running(const std::string& servers, const Restore& what) {
  const data::LoadedBackup backup = data::load_backup(what.file);
  fmt::print("{}", data::describe(backup));
  const auto session = session_on(servers, what.login);
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    const tree::Tree live = state_of(*session);
    const data::Difference difference = data::difference(backup.tree, live, what.path);
    const auto multis = data::in_multis(difference.steps, what.max_frame_bytes);
    print(difference, live.applied(), what.path, multis.size());
    if (difference.empty() || what.dry_run) return;
    if (multis.size() > 1 && !what.in_parts)
      throw Complaint(
          "it does not fit into one operation: say --in-parts, so that others see it half done for a moment, "
          "or a "
          "smaller --path, or raise limits.max_frame_bytes of all servers and name it with "
          "--max-frame-bytes");
    if (applied(*session, multis, difference.lists)) {
      fmt::print("done at zxid {}\n", session->zxid().value);
      return;
    }
    fmt::print("somebody else wrote there meanwhile: looking again\n");
  }
  throw Complaint(fmt::format(
      "others wrote below {} each of {} times before it could be done; keep them from it for a moment",
      what.path, kAttempts));
}

}  // namespace muster::shell
