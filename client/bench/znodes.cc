#include "client/bench/znodes.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "client/bench/chores.h"

namespace muster::bench {
namespace {

constexpr std::size_t batch_bytes = 200'000, batch_requests = 100;

bool has_keys(Workload workload) {
  return workload != Workload::create && workload != Workload::ephemeral && workload != Workload::watch &&
         workload != Workload::sessions;
}

// make(0), …, make(count - 1) in transactions of `batch` each.
void in_batches(Loop& loop, std::size_t count, std::size_t batch,
                const std::function<wire::MultiOp(std::size_t)>& make) {
  do_all(loop, (count + batch - 1) / batch, [&](std::size_t number) -> wire::Request {
    wire::MultiRequest multi;
    for (std::size_t i = number * batch; i < std::min(count, (number + 1) * batch); ++i)
      multi.ops.push_back(make(i));
    return multi;
  });
}

std::vector<std::string> children(Loop& loop, const std::string& path) {
  std::vector<std::string> found;
  do_all(
      loop, 1,
      [&](std::size_t) {
        return wire::GetChildrenRequest{wire::OpCode::get_children, path, false};
      },
      [&](std::size_t, const wire::ReplyBody& body) {
        found = std::get<wire::ChildrenReply>(body).children;
      });
  return found;
}

}  // namespace

wire::CreateRequest creation(std::string path, std::string data, std::int32_t flags) {
  return {wire::OpCode::create, std::move(path), std::move(data), open_acl(), flags, 0};
}

Znodes::Znodes(const std::string& chroot, const std::string& name, const Options& options)
    : root_(chroot + "/" + name),
      data_(options.size, 'x'),
      keys_(has_keys(options.workload) ? options.keys : 0),
      folders_(options.workload == Workload::ephemeral ? 1 : 0) {}

std::size_t Znodes::batch() const {
  return std::clamp<std::size_t>(batch_bytes / (data_.size() + root_.size() + 100), 1, batch_requests);
}

void Znodes::make(Loop& loop) const {
  do_all(loop, 1, [&](std::size_t) { return creation(root_, data_, wire::create_flags::persistent); });
  in_batches(loop, folders_, batch(),
             [&](std::size_t i) { return creation(fill(folder(), i), {}, wire::create_flags::persistent); });
  in_batches(loop, keys_, batch(),
             [&](std::size_t i) { return creation(fill(key(), i), data_, wire::create_flags::persistent); });
}

void Znodes::remove_below(Loop& loop, const std::string& path) const {
  const std::vector<std::string> names = children(loop, path);
  in_batches(loop, names.size(), batch(), [&](std::size_t i) {
    return wire::DeleteRequest{path + "/" + names[i], -1};
  });
}

void Znodes::remove(Loop& loop) const {
  in_batches(loop, keys_, batch(), [&](std::size_t i) { return wire::DeleteRequest{fill(key(), i), -1}; });
  for (const std::string& name : children(loop, root_)) remove_below(loop, root_ + "/" + name);
  remove_below(loop, root_);
  do_all(loop, 1, [&](std::size_t) { return wire::DeleteRequest{root_, -1}; });
}

}  // namespace muster::bench
