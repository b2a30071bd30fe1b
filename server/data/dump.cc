#include <fmt/format.h>

#include <utility>
#include <variant>

#include "server/data/data.h"
#include "server/node/checkpoint.h"
#include "server/tree/checkpoint_source.h"
#include "server/tree/command.h"

namespace muster::data {
namespace {

constexpr std::size_t kReadBytes = 1024 * 1024;

// Text as it is where it can be printed, other bytes as \xNN.
std::string printable(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '"' || c == '\\')
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out + "\"";
}

std::string value(const std::optional<std::string>& data, bool with_data) {
  if (!data) return "null";
  return with_data ? printable(*data) : fmt::format("{} bytes", data->size());
}

struct Describe {
  bool with_data;

  std::string operator()(const tree::OpenSession& op) const {
    return fmt::format("open a session at server {}, time-out {} ms", op.server.value, op.timeout_ms);
  }
  std::string operator()(const tree::AttachSession& op) const {
    return fmt::format("attach session {:#x} to server {}, time-out {} ms", op.session.value, op.server.value,
                       op.timeout_ms);
  }
  std::string operator()(const tree::CloseSession&) const { return "close the session"; }
  std::string operator()(const tree::ExpireSession& op) const {
    return fmt::format("expire session {:#x} of owner {}", op.session.value, op.owner.value);
  }
  std::string operator()(const wire::CreateRequest& op) const {
    return fmt::format("create {} data {} flags {}", printable(op.path), value(op.data, with_data), op.flags);
  }
  std::string operator()(const wire::DeleteRequest& op) const {
    return fmt::format("delete {} version {}", printable(op.path), op.version);
  }
  std::string operator()(const wire::SetDataRequest& op) const {
    return fmt::format("set {} data {} version {}", printable(op.path), value(op.data, with_data),
                       op.version);
  }
  std::string operator()(const wire::SetAclRequest& op) const {
    return fmt::format("set the ACL of {} version {}", printable(op.path), op.version);
  }
  std::string operator()(const wire::CheckVersionRequest& op) const {
    return fmt::format("check {} version {}", printable(op.path), op.version);
  }
  std::string operator()(const wire::MultiRequest& op) const {
    std::string out = fmt::format("multi of {}", op.ops.size());
    for (const wire::MultiOp& part : op.ops) out += "; " + std::visit(*this, part);
    return out;
  }
};

std::string line_of(const broadcast::Entry& entry, bool with_data) {
  std::string line =
      fmt::format("entry {} epoch {} time {} ", entry.zxid.value, entry.epoch.value, entry.time_ms);
  switch (entry.kind) {
    case broadcast::EntryKind::epoch_start:
      return line + "the epoch begins";
    case broadcast::EntryKind::founding:
      return line + "the ensemble is founded";
    case broadcast::EntryKind::membership:
      return line + "the membership changes";
    case broadcast::EntryKind::command:
      break;
  }
  line += fmt::format("from server {} ", entry.forward.origin.value);
  const auto command = tree::decode_command(entry.payload.view());
  if (!command) return line + "bytes that are no command";
  if (command->session != SessionId{})
    line += fmt::format("session {:#x} xid {} ", command->session.value, command->xid.value);
  return line + std::visit(Describe{with_data}, command->operation);
}

void dump_tree(const tree::Tree& tree, const std::string& path, bool with_data,
               const std::function<void(const std::string&)>& write) {
  const auto node = tree.data(path);
  if (!node) return;
  const Stat& stat = node->stat;
  write(fmt::format(
      "znode {} data {} czxid {} mzxid {} pzxid {} version {} aversion {}{}", printable(path),
      value(node->data, with_data), stat.czxid.value, stat.mzxid.value, stat.pzxid.value, stat.version,
      stat.aversion,
      stat.ephemeral_owner == SessionId{} ? "" : fmt::format(" session {:#x}", stat.ephemeral_owner.value)));
  for (const std::string& name : tree.children(path))
    dump_tree(tree, (path == "/" ? "" : path) + "/" + name, with_data, write);
}

}  // namespace

void dump(const std::string& path, bool with_data,
          const std::function<void(const std::string& line)>& write) {
  Directory directory(path);
  const broadcast::HardState vote = directory.durable().hard_state();
  write(fmt::format("server {}", directory.identity().server.value));
  write(fmt::format("epoch {} vote {}{}", vote.epoch.value, vote.vote.value,
                    vote.qualified ? "" : " not qualified"));
  try {
    if (directory.store().current()) {
      const auto view = directory.store().view();
      auto loaded = node::load_checkpoint(view->meta(), [&view] { return view->read(kReadBytes); });
      if (!loaded) throw Bad("the checkpoint is damaged: " + loaded.error().message + ".");
      const node::Meta& meta = loaded->meta;
      write(fmt::format("checkpoint {} zxid {} epoch {} digest {:016x}", meta.number, meta.base.zxid.value,
                        meta.base.epoch.value, meta.digest));
      for (const tree::Session& session : loaded->tree.sessions())
        write(fmt::format("session {:#x} owner {} server {} time-out {} ms", session.id.value,
                          session.owner.value, session.server.value, session.timeout_ms));
      dump_tree(loaded->tree, "/", with_data, write);
    }
  } catch (const storage::StoreDamaged& damage) {
    throw Bad(std::string("the checkpoint is damaged: ") + damage.what() + ".");
  }
  directory.for_each_entry([&](const broadcast::Entry& entry) { write(line_of(entry, with_data)); });
}

}  // namespace muster::data
