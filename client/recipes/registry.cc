#include <muster/path.h>
#include <muster/recipes/node_cache.h>
#include <muster/recipes/registry.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <mutex>
#include <utility>

#include "client/recipes/background.h"
#include "client/recipes/nodes.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

// Entries of one path have versions 0, 1, … 15, 0, … in their order: who removes the version that it made can't hit the next
// one's. (A version counts changes of the data: each is made by one more of them.)
constexpr std::int32_t versions = 16;

struct Former {
  Zxid czxid;
  std::int32_t version;
};

Transaction replacing(const std::optional<Former>& former, const std::string& path, const std::string& data) {
  Transaction change;
  if (former) change.remove(path, former->version);
  change.create(path, data, CreateMode::ephemeral);
  if (former) {
    for (std::int32_t left = (former->version + 1) % versions; left > 0; --left) change.set(path, data);
  }
  return change;
}

std::string join(const std::string& directory, const std::string& name) {
  return (directory == "/" ? "" : directory) + "/" + name;
}

bool is_component(const std::string& name) {
  return !name.empty() && name.find('/') == std::string::npos && is_valid_path("/" + name);
}

// Removes the entry if it is that one; in the background, for as long as the session lives.
void remove_entry(const Client& client, const std::string& path,
                  const std::function<bool(const Stat&)>& is_ours) {
  client.async_exists(path, [client, path, is_ours](error_code error, const std::optional<Stat>& stat) {
    if (error || !stat || !is_ours(*stat)) return;
    client.async_remove(path, stat->version, [client, path, is_ours](error_code failed) {
      if (may_ask_again(failed)) return remove_entry(client, path, is_ours);
      if (is_refused_for_now(failed))
        ask_later(client, [client, path, is_ours] { remove_entry(client, path, is_ours); });
    });
  });
}

// Removes what an enter() that came to no end may have made.
class Unfinished {
 public:
  Unfinished(const Client& client, const std::string& path) : client_(client), path_(path) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    if (!begun_ || is_over(client_.state())) return;
    remove_entry(client_, path_, [mine = client_.session_id(), before = before_](const Stat& stat) {
      return stat.ephemeral_owner == mine && stat.czxid > before;
    });
  }
  void begin(const std::optional<Former>& former) {
    begun_ = true;
    if (former) before_ = former->czxid;
  }
  void release() { begun_ = false; }
  // Whether the entry is what begin() announced.
  [[nodiscard]] bool made(const Stat& stat) const {
    return stat.ephemeral_owner == client_.session_id() && stat.czxid > before_;
  }

 private:
  Client client_;
  std::string path_;
  bool begun_ = false;
  Zxid before_;
};

// As the servers have it now.
asio::awaitable<std::optional<Stat>> look(Client client, std::string path) {
  co_return co_await client.linearizable().async_exists(path, asio::use_awaitable);
}

// Puts an entry there, instead of whatever is there. What names it: its czxid.
asio::awaitable<Zxid> place(Client client, std::string path, std::string data) {
  Unfinished unfinished(client, path);
  std::optional<Stat> there = co_await look(client, path);
  for (;;) {
    std::optional<Former> former;
    if (there) former = Former{there->czxid, there->version};
    unfinished.begin(former);
    const auto [error, result] = co_await client.async_multi(replacing(former, path, data), quietly);
    const bool raced =
        error == ErrorCode::node_exists || error == ErrorCode::bad_version || error == ErrorCode::no_node;
    if (error && !raced && !may_ask_again(error)) throw boost::system::system_error(error);
    if (raced) unfinished.release();
    if (error == ErrorCode::no_node) co_await make_parents(client, path);
    there = co_await look(client, path);
    const bool ours = there && unfinished.made(*there);
    if (error && !(ours && may_ask_again(error))) continue;
    unfinished.release();
    // If it is another one's by now, it was ours for a moment, under a zxid that we need not know.
    co_return ours ? there->czxid : Zxid();
  }
}

// Outlives the registration, if need be.
asio::awaitable<Registration::Loss> loss_of(Client client, std::string path, Zxid mine) {
  const NodeCache entry(client, path);
  try {
    for (std::uint64_t revision = 0;;) {
      const auto state = co_await entry.newer(revision);
      if (!state->value) co_return Registration::Loss::removed;
      if (state->value->stat.czxid != mine) co_return Registration::Loss::taken_over;
      revision = state->revision;
    }
  } catch (const boost::system::system_error& failure) {
    if (!is_over(client.state()) || failure.code() == asio::error::operation_aborted) throw;
  }
  co_return Registration::Loss::session_over;
}

}  // namespace

struct Registration::Entry {
  Entry(const Client& with_client, std::string with_path, ServiceInstance with_instance, Zxid with_czxid)
      : client(with_client),
        path(std::move(with_path)),
        instance(std::move(with_instance)),
        czxid(with_czxid) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (left || is_over(client.state())) return;
    remove_entry(client, path, [mine = czxid](const Stat& stat) { return stat.czxid == mine; });
  }

  Client client;
  std::string path;
  ServiceInstance instance;
  Zxid czxid;  // names the entry
  bool left = false;
};

Registration::Registration(std::unique_ptr<Entry> entry) : entry_(std::move(entry)) {}
Registration::Registration() noexcept = default;
Registration::Registration(Registration&&) noexcept = default;
Registration& Registration::operator=(Registration&&) noexcept = default;
Registration::~Registration() = default;

const ServiceInstance& Registration::instance() const { return entry_->instance; }
const std::string& Registration::path() const { return entry_->path; }

asio::awaitable<Registration> Registration::enter(Client client, std::string base, ServiceInstance instance) {
  if (instance.id.empty()) instance.id = client.make_guid();
  if (!is_component(instance.name) || !is_component(instance.id))
    throw boost::system::system_error(make_error_code(ErrorCode::bad_arguments));
  const std::string path = join(join(base, instance.name), instance.id);
  const Zxid mine = co_await place(client, path, to_json(instance));
  co_return Registration(std::make_unique<Entry>(client, path, std::move(instance), mine));
}

asio::awaitable<Registration::Loss> Registration::lost() const {
  return loss_of(entry_->client, entry_->path, entry_->czxid);
}

asio::awaitable<void> Registration::leave() {
  const std::unique_ptr<Entry> entry = std::move(entry_);
  for (;;) {
    const std::optional<Stat> there = co_await look(entry->client, entry->path);
    if (!there || there->czxid != entry->czxid) break;
    const auto [error] = co_await entry->client.async_remove(entry->path, there->version, quietly);
    if (error && error != ErrorCode::no_node && error != ErrorCode::bad_version && !may_ask_again(error))
      throw boost::system::system_error(error);
  }
  entry->left = true;
}

// What was read of the latest state that somebody has asked for.
class ServiceDirectory::Reading {
 public:
  explicit Reading(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] std::shared_ptr<const Instances> read(const TreeState& state) {
    const std::lock_guard lock(mutex_);
    if (latest_->revision < state.revision) latest_ = parse(state);
    return latest_;
  }
  static asio::awaitable<std::shared_ptr<const Instances>> read_when(
      std::shared_ptr<Reading> self, asio::awaitable<std::shared_ptr<const TreeState>> state) {
    const auto known = co_await std::move(state);
    co_return self->read(*known);
  }

 private:
  [[nodiscard]] std::shared_ptr<const Instances> parse(const TreeState& state) const {
    auto found = std::make_shared<Instances>();
    found->revision = state.revision;
    for (const std::string& id : state.children(path_)) {
      const Value& entry = *state.find(join(path_, id));
      auto instance = instance_from_json(entry.data);
      if (!instance) {
        found->unreadable.push_back(id);
        continue;
      }
      if (instance->registered_ms == 0) instance->registered_ms = entry.stat.ctime;
      found->all.push_back(*std::move(instance));
    }
    return found;
  }

  const std::string path_;
  std::mutex mutex_;
  std::shared_ptr<const Instances> latest_ = std::make_shared<const Instances>();
};

ServiceDirectory::ServiceDirectory(const Client& client, const std::string& base, const std::string& name)
    : cache_(client, join(base, name)), reading_(std::make_shared<Reading>(join(base, name))) {}
ServiceDirectory::ServiceDirectory(ServiceDirectory&&) noexcept = default;
ServiceDirectory& ServiceDirectory::operator=(ServiceDirectory&&) noexcept = default;
ServiceDirectory::~ServiceDirectory() = default;

std::shared_ptr<const Instances> ServiceDirectory::instances() const {
  return reading_->read(*cache_.state());
}
asio::awaitable<std::shared_ptr<const Instances>> ServiceDirectory::newer(std::uint64_t revision) const {
  return Reading::read_when(reading_, cache_.newer(revision));
}

}  // namespace muster::recipes
