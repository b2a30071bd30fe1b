// Instances of services: registering one, and finding those that live.
//
//   const muster::recipes::ServiceInstance me("billing", "billing-1", "10.0.0.7", 8080);
//   const auto entry = co_await muster::recipes::Registration::enter(client, "/services", me);
//   const auto why = co_await entry.lost();                      // another process is billing-1 now, or …
//
//   const muster::recipes::ServiceDirectory billing(client, "/services", "billing");
//   const auto instances = co_await billing.newer();
//   if (const auto* one = instances->pick(random)) connect(one->address, *one->port);
//
// The entries are those of Curator's x-discovery (4 and later), and both sides find each other's: /services/billing/billing-1,
// ephemeral, a ServiceInstance in JSON whose payload are the attributes.
#pragma once

#include <muster/client.h>
#include <muster/recipes/tree_cache.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::recipes {

struct ServiceInstance {
  // No aggregate, as CreateOptions.
  explicit ServiceInstance(std::string with_name = "", std::string with_id = "",
                           std::string with_address = "", std::optional<std::int32_t> with_port = {})
      : name(std::move(with_name)),
        id(std::move(with_id)),
        address(std::move(with_address)),
        port(with_port) {}

  std::string name;  // of the service: a component of a path
  std::string id;    // of the instance: a component of a path. "": enter() makes one that nobody else has
  std::string address;
  std::optional<std::int32_t> port, ssl_port;
  // How often it is picked, beside the others; 0: never. In the payload, as "weight".
  std::uint32_t weight = 1;
  bool enabled = true;  // else it is seen, and not picked
  // Of a payload of Curator's that is an object: its members, those that are no string as JSON; of any other: "payload".
  std::map<std::string, std::string> attributes;
  // Wall clock, ms since 1970: as the instance says; if it says 0, when the servers made its entry, by their clock.
  std::int64_t registered_ms = 0;
  friend bool operator==(const ServiceInstance&, const ServiceInstance&) = default;
};

// The data of an entry, as Curator's JsonInstanceSerializer reads and writes them. Nothing: they are none.
[[nodiscard]] std::string to_json(const ServiceInstance& instance);
[[nodiscard]] std::optional<ServiceInstance> instance_from_json(std::string_view data);

// An entry that is ours. It lives as long as the client's session, so a process that dies vanishes for all within its session
// time-out; and it keeps the session. Destroying it removes it in the background, unless it is lost.
//
// Two processes of one name and id: the later one takes over. It replaces the entry in one transaction, so that at no moment
// there is none, and does not wait for the session of the one before. Whoever comes last has it; the others are told by lost()
// and let it be. (Removing an entry can't hit a successor's: it names the entry's version, and successive entries differ in it.
// Versions are used again after 16 successors.)
class Registration {
 public:
  // Makes `base`/NAME if it is missing, and the entry. To change attributes, enter again and drop the former. Errors:
  // bad_arguments (a name or id that is no component of a path); not_empty (the former entry has children); no_auth.
  // Cancelled, or failed otherwise: the entry is removed in the background, if it was made.
  [[nodiscard]] static asio::awaitable<Registration> enter(Client client, std::string base,
                                                           ServiceInstance instance);
  Registration() noexcept;  // of nothing: only to be assigned to, and asked whether it is one
  Registration(Registration&&) noexcept;
  Registration& operator=(Registration&&) noexcept;
  ~Registration();
  // False after leave(), and of what was moved from.
  [[nodiscard]] explicit operator bool() const noexcept { return entry_ != nullptr; }

  [[nodiscard]] const ServiceInstance& instance() const;
  [[nodiscard]] const std::string& path() const;

  enum class Loss {
    taken_over,   // by another process, or another registration of this one
    removed,      // by somebody else's hand
    session_over  // see Client::state()
  };
  // Waits until the entry is not ours any more. Cancellation ends the wait only.
  [[nodiscard]] asio::awaitable<Loss> lost() const;
  // Removes it, and waits for it. No error if it was lost.
  [[nodiscard]] asio::awaitable<void> leave();

 private:
  struct Entry;
  explicit Registration(std::unique_ptr<Entry> entry);
  std::unique_ptr<Entry> entry_;
};

// A service's instances at one moment.
struct Instances {
  std::uint64_t revision = 0;
  std::vector<ServiceInstance> all;     // by id
  std::vector<std::string> unreadable;  // names of entries that are no instance

  // One by chance, each as often as its weight says. Null if there is none that is enabled and has a weight. `random` is a
  // generator of <random>.
  template <class Generator>
  [[nodiscard]] const ServiceInstance* pick(Generator& random) const {
    const std::uint64_t total = total_weight();
    if (total == 0) return nullptr;
    return at_weight(std::uniform_int_distribution<std::uint64_t>(0, total - 1)(random));
  }

 private:
  [[nodiscard]] std::uint64_t total_weight() const;
  [[nodiscard]] const ServiceInstance* at_weight(std::uint64_t weight) const;
};

// The instances of a service, followed by a TreeCache: see there for what it guarantees. May be used from any thread.
class ServiceDirectory {
 public:
  ServiceDirectory(const Client& client, const std::string& base, const std::string& name);
  ServiceDirectory(ServiceDirectory&&) noexcept;
  ServiceDirectory& operator=(ServiceDirectory&&) noexcept;
  ~ServiceDirectory();

  [[nodiscard]] std::shared_ptr<const Instances> instances() const;
  // The latest, as soon as they are newer than `revision`. Throws as TreeCache::newer.
  [[nodiscard]] asio::awaitable<std::shared_ptr<const Instances>> newer(std::uint64_t revision = 0) const;

 private:
  class Reading;
  TreeCache cache_;
  std::shared_ptr<Reading> reading_;
};

}  // namespace muster::recipes
