#include "server/data/difference.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>
#include <variant>

#include "common/check.h"
#include "server/data/data.h"

namespace muster::data {
namespace {

const std::string kReserved = "/zookeeper";

struct AclAndVersion {
  std::vector<Acl> acl;
  std::int32_t version = 0;
};

AclAndVersion acl_of(const tree::Tree& tree, const std::string& path) {
  static const std::vector<AuthId> everybody_may = {{"super", ""}};
  wire::Reply reply = tree.get_acl(path, everybody_may);
  auto* found = std::get_if<wire::GetAclReply>(&reply.body);
  CHECK(found != nullptr, "the znode is there, and super may read it");
  return {std::move(found->acl), found->stat.aversion};
}

bool ephemeral(const Stat& stat) { return stat.ephemeral_owner != SessionId{}; }

std::string child_of(const std::string& parent, const std::string& name) {
  return parent == "/" ? "/" + name : parent + "/" + name;
}
std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

class Comparison {
 public:
  Comparison(const tree::Tree& wanted, const tree::Tree& live) : wanted_(wanted), live_(live) {}

  // Paths are looked at with their parents before them; a stack of our own, since trees may be deep.
  Difference of(const std::string& path) {
    create_above(path);
    std::vector<std::string> waiting = {path};
    while (!waiting.empty()) {
      const std::string next = std::move(waiting.back());
      waiting.pop_back();
      if (next == kReserved) continue;
      if (!look_at(next)) continue;
      std::vector<std::string> names = wanted_.children(next), there = live_.children(next), all;
      std::set_union(names.begin(), names.end(), there.begin(), there.end(), std::back_inserter(all));
      for (auto name = all.rbegin(); name != all.rend(); ++name) waiting.push_back(child_of(next, *name));
    }
    remove_what_goes();
    return std::move(result_);
  }

 private:
  void create_above(const std::string& path) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string above = path.substr(0, slash);
      if (!live_.stat(above)) create(above, *wanted_.data(above));
    }
  }

  // False: what is below it is no business of ours.
  bool look_at(const std::string& path) {
    const auto wanted = wanted_.data(path);
    const auto live = live_.data(path);
    if (live && ephemeral(live->stat)) {
      ++result_.spared;
      spare(path);
      if (wanted && !ephemeral(wanted->stat)) leave_out(path);
      return false;
    }
    if (wanted && !ephemeral(wanted->stat)) {
      live ? change(path, *wanted, *live) : create(path, *wanted);
    } else if (live) {
      going_.push_back(path);
    }
    return true;
  }

  void create(const std::string& path, const tree::NodeData& node) {
    wire::CreateRequest step;
    step.type = node.container ? wire::OpCode::create_container : wire::OpCode::create;
    step.flags = node.container ? wire::create_flags::container : wire::create_flags::persistent;
    step.path = path;
    step.data = node.data;
    step.acl = acl_of(wanted_, path).acl;
    result_.steps.emplace_back(std::move(step));
    ++result_.created;
  }

  void change(const std::string& path, const tree::NodeData& wanted, const tree::NodeData& live) {
    if (wanted.data != live.data) {
      result_.steps.emplace_back(wire::SetDataRequest{path, wanted.data, live.stat.version});
      ++result_.changed;
    }
    std::vector<Acl> list = acl_of(wanted_, path).acl;
    AclAndVersion now = acl_of(live_, path);
    if (list != now.acl) result_.lists.push_back({path, std::move(list), now.version});
  }

  void leave_out(const std::string& path) {
    std::vector<std::string> waiting = {path};
    while (!waiting.empty()) {
      const std::string next = std::move(waiting.back());
      waiting.pop_back();
      ++result_.left_out;
      for (const std::string& name : wanted_.children(next)) {
        const std::string child = child_of(next, name);
        if (!ephemeral(*wanted_.stat(child))) waiting.push_back(child);
      }
    }
  }

  // Children first; whatever an ephemeral znode stands in stays.
  void remove_what_goes() {
    for (auto path = going_.rbegin(); path != going_.rend(); ++path) {
      if (hold_something_.count(*path) != 0) {
        ++result_.spared;
        spare(*path);
        continue;
      }
      result_.steps.emplace_back(wire::DeleteRequest{*path, live_.stat(*path)->version});
      ++result_.removed;
    }
  }
  void spare(const std::string& path) { hold_something_.insert(parent_of(path)); }

  const tree::Tree& wanted_;
  const tree::Tree& live_;
  Difference result_;
  std::vector<std::string> going_;                  // parents first
  std::unordered_set<std::string> hold_something_;  // that stays
};

}  // namespace

Difference difference(const tree::Tree& wanted, const tree::Tree& live, const std::string& path) {
  const auto top = wanted.stat(path);
  if (!top) throw Bad("the backup holds no znode " + path + ": see what it holds with another --path.");
  if (ephemeral(*top)) throw Bad(path + " is an ephemeral znode in the backup: it ended with its session.");
  if (path == kReserved || path.rfind(kReserved + "/", 0) == 0)
    throw Bad(kReserved + " is the servers' own: name another --path.");
  return Comparison(wanted, live).of(path);
}

std::vector<wire::MultiRequest> in_multis(const std::vector<wire::MultiOp>& steps,
                                          std::size_t max_frame_bytes) {
  const auto bytes_of = [](wire::MultiRequest multi) {
    return wire::encode_request(Xid{1}, wire::Request{std::move(multi)}).size();
  };
  const std::size_t around = bytes_of({});
  std::vector<wire::MultiRequest> multis;
  std::size_t bytes = 0;
  for (const wire::MultiOp& step : steps) {
    const std::size_t more = bytes_of({{step}}) - around;
    if (multis.empty() || bytes + more > max_frame_bytes) {
      multis.emplace_back();
      bytes = around;
    }
    multis.back().ops.push_back(step);
    bytes += more;
  }
  return multis;
}

}  // namespace muster::data
