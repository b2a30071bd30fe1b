// A configuration that many processes share: read at any time, followed while it changes, edited with care, undone.
//
//   const muster::recipes::Setting<int> pool_size{"pool.size", 8};
//   muster::recipes::Configuration config(client, "/billing/config", {.who = "ann", .rules = {pool_size}});
//   auto view = co_await config.newer();
//   for (;;) {
//     resize(view[pool_size]);
//     view = co_await config.newer(view.revision());      // somebody has edited it
//   }
//
//   muster::recipes::Edit edit("more load since Monday");
//   edit.set(pool_size, 2 * view[pool_size]);
//   const auto change = co_await config.edit(view, edit);  // fails with bad_version if pool.size is not what the view shows
//   co_await config.roll_back(change.number - 1);
//
// Below its root: `values`/KEY holds a value as text; `history`/NUMBER, ten digits, what the change of that number was, in
// JSON; the version of `history` is the number of the last one. Other programs may read values, and set them (without a
// history); a value of theirs that breaks a rule is not adopted.
#pragma once

#include <muster/client.h>
#include <muster/recipes/setting.h>
#include <muster/recipes/tree_cache.h>

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace muster::recipes {

// All values at one moment.
class ConfigView {
 public:
  ConfigView() = default;  // of nothing: every setting has its fallback
  // The values below `directory`.
  ConfigView(std::shared_ptr<const TreeState> state, std::string directory)
      : state_(std::move(state)), directory_(std::move(directory)) {}

  [[nodiscard]] std::uint64_t revision() const { return state_ ? state_->revision : 0; }
  // Null if it is not set.
  [[nodiscard]] const Value* find(const std::string& key) const {
    return state_ ? state_->find(directory_ + "/" + key) : nullptr;
  }
  [[nodiscard]] std::vector<std::string> keys() const {
    return state_ ? state_->children(directory_) : std::vector<std::string>();
  }
  // Its fallback if it is not set. Throws std::invalid_argument if what is set breaks the setting's rule, which can only be
  // when the Configuration was not told of the rule.
  template <class T>
  [[nodiscard]] T operator[](const Setting<T>& setting) const {
    const Value* value = find(setting.key);
    if (!value) return setting.fallback;
    if (const std::string why = setting.why_invalid(value->data); !why.empty())
      throw std::invalid_argument(setting.key + ": " + why);
    return *Text<T>::parse(value->data);
  }

 private:
  std::shared_ptr<const TreeState> state_;
  std::string directory_;
};

// Changes to be made together.
class Edit {
 public:
  // Why it is made, for the history.
  explicit Edit(std::string comment = "") : comment_(std::move(comment)) {}

  template <class T>
  Edit& set(const Setting<T>& setting, const std::type_identity_t<T>& value) {
    return set(setting.key, Text<T>::print(value));
  }
  Edit& set(std::string key, std::string text) {
    changes_[std::move(key)] = std::move(text);
    return *this;
  }
  Edit& unset(std::string key) {
    changes_[std::move(key)] = std::nullopt;
    return *this;
  }
  // The edit builds on this key, too: it is refused if the key is not as the view shows it.
  Edit& require(std::string key) {
    required_.insert(std::move(key));
    return *this;
  }

  [[nodiscard]] const std::map<std::string, std::optional<std::string>>& changes() const { return changes_; }
  [[nodiscard]] const std::set<std::string>& required() const { return required_; }
  [[nodiscard]] const std::string& comment() const { return comment_; }

 private:
  std::string comment_;
  std::map<std::string, std::optional<std::string>> changes_;
  std::set<std::string> required_;
};

// Who changed what, when.
struct ConfigChange {
  struct Texts {
    std::optional<std::string> before, after;  // nothing: not set
    friend bool operator==(const Texts&, const Texts&) = default;
  };
  std::int64_t number = 0;  // 1, 2, …: every edit's is the next
  std::string who;          // as they say
  std::string comment;
  std::int64_t when_ms = 0;  // wall clock of the servers, ms since 1970
  std::map<std::string, Texts> keys;

  ConfigChange() = default;  // no aggregate, as CreateOptions
};

struct ConfigurationOptions {
  std::string who;               // under which name edits stand in the history
  std::vector<Rule> rules;       // Settings
  bool strict = true;            // keys without a rule can't be set, and are not looked at
  std::int64_t history = 1'000;  // changes that are kept; older ones can't be rolled back to
};

// Follows the values by a TreeCache: see there. May be used from any thread.
//
// - A view is of one moment: the changes of one edit are seen together.
// - A view obeys the rules. What does not is not adopted: the last view that did stays, and rejected() says why.
// - An edit is done as a whole or not at all, once, in a history without holes; also if answers are lost.
class Configuration {
 public:
  Configuration(const Client& client, std::string root, ConfigurationOptions options = {});
  Configuration(Configuration&&) noexcept;
  Configuration& operator=(Configuration&&) noexcept;
  ~Configuration();

  // The latest.
  [[nodiscard]] ConfigView view() const;
  // The latest that obeys the rules, as soon as it is newer than `revision`. Throws as TreeCache::newer.
  [[nodiscard]] asio::awaitable<ConfigView> newer(std::uint64_t revision = 0) const;
  // "", or why the latest values are not adopted, as a sentence: "pool.size: must be above 0".
  [[nodiscard]] std::string rejected() const;

  // Makes the changes if all keys of the edit are as `view` shows them. Throws std::invalid_argument (an illegal value or
  // key: nothing was asked of a server), and system_error: bad_version (another one was faster: look at a newer view); what
  // the servers refuse. Only a session that ended, a time-out and cancellation leave it unknown whether it was done.
  [[nodiscard]] asio::awaitable<ConfigChange> edit(ConfigView view, Edit edit) const;

  // The last changes, the latest first, at most so many. Linearizable.
  [[nodiscard]] asio::awaitable<std::vector<ConfigChange>> history(std::size_t limit = 100) const;
  // Makes all keys that were changed since as they were after that change (0: before the first), by a change of its own.
  // Errors: bad_arguments (there is no such change yet); no_node (the history does not reach back so far); std::invalid_argument
  // (a value of then breaks a rule of now).
  [[nodiscard]] asio::awaitable<ConfigChange> roll_back(std::int64_t number, std::string comment = "") const;

 private:
  class Store;
  TreeCache cache_;
  std::shared_ptr<Store> store_;
};

}  // namespace muster::recipes
