#include <muster/path.h>
#include <muster/recipes/configuration.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

#include "client/recipes/background.h"
#include "client/recipes/config_record.h"
#include "client/recipes/nodes.h"

namespace muster::recipes {
namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(error_code error) { throw boost::system::system_error(error); }

using Texts = ConfigChange::Texts;

}  // namespace

// What outlives a Configuration whose calls are under way.
class Configuration::Store : public std::enable_shared_from_this<Store> {
 public:
  using Self = std::shared_ptr<const Store>;

  Store(Client client, const std::string& root, ConfigurationOptions options)
      : client_(std::move(client)),
        options_(std::move(options)),
        values_(root + "/values"),
        history_(root + "/history") {}

  [[nodiscard]] ConfigView adopt(const std::shared_ptr<const TreeState>& state) {
    const std::lock_guard lock(mutex_);
    if (state->revision > looked_at_ && state->of_one_moment) {
      looked_at_ = state->revision;
      const ConfigView view(state, values_);
      rejected_ = why_invalid(view);
      if (rejected_.empty() && (view_.revision() == 0 || differs(view))) view_ = view;
    }
    return view_;
  }
  [[nodiscard]] std::string rejected() const {
    const std::lock_guard lock(mutex_);
    return rejected_;
  }

  // Throws what is wrong.
  void validate(const std::string& key, const std::optional<std::string>& text) const {
    if (key.empty() || key.find('/') != std::string::npos || !is_valid_path("/" + key))
      throw std::invalid_argument("\"" + key + "\" can't be a key: it must be a component of a path");
    const Rule* rule = rule_of(key);
    if (!rule && options_.strict) throw std::invalid_argument("there is no setting \"" + key + "\"");
    if (!rule || !text) return;
    if (const std::string why = rule->why_invalid(*text); !why.empty())
      throw std::invalid_argument(key + ": " + why);
  }

  static asio::awaitable<ConfigChange> edit(Self self, ConfigView view, Edit edit) {
    for (const auto& [key, text] : edit.changes()) self->validate(key, text);
    for (;;) {
      Plan plan = co_await begin(self, edit.comment());
      for (const std::string& key : edit.required()) co_await expect(self, view, key, plan);
      for (const auto& [key, text] : edit.changes()) {
        co_await expect(self, view, key, plan);
        plan.change(self->values_, key, text);
      }
      if (co_await commit(self, plan)) co_return plan.change_made;
    }
  }

  static asio::awaitable<std::vector<ConfigChange>> history(Self self, std::size_t limit) {
    std::vector<ConfigChange> changes;
    const auto [error, last] = co_await self->client_.linearizable().async_exists(self->history_, quietly);
    if (error) fail(error);
    for (std::int64_t number = last ? last->version : 0; number > 0 && changes.size() < limit; --number) {
      std::optional<ConfigChange> change = co_await record(self, number);
      if (!change) break;
      changes.push_back(*std::move(change));
    }
    co_return changes;
  }

  static asio::awaitable<ConfigChange> roll_back(Self self, std::int64_t number, std::string comment) {
    if (comment.empty()) comment = "back to " + std::to_string(number);
    for (;;) {
      Plan plan = co_await begin(self, comment);
      const std::int64_t last = plan.change_made.number - 1;
      if (number < 0 || number > last) fail(ErrorCode::bad_arguments);
      // As they were before the first change since then.
      std::map<std::string, std::optional<std::string>> then;
      for (std::int64_t later = number + 1; later <= last; ++later) {
        const std::optional<ConfigChange> change = co_await record(self, later);
        if (!change) fail(ErrorCode::no_node);
        for (const auto& [key, texts] : change->keys) then.emplace(key, texts.before);
      }
      for (const auto& [key, text] : then) {
        self->validate(key, text);
        co_await look_at(self, key, plan);
        plan.change(self->values_, key, text);
      }
      if (co_await commit(self, plan)) co_return plan.change_made;
    }
  }

 private:
  // A change that is being made, on what was there when it was begun.
  struct Plan {
    std::int32_t version = 0;  // of `history`
    std::map<std::string, std::optional<Value>> there;
    ConfigChange change_made;
    std::string id;  // nobody else's
    Transaction transaction;

    void change(const std::string& values, const std::string& key, const std::optional<std::string>& text) {
      const std::optional<Value>& before = there.at(key);
      const std::string path = values + "/" + key;
      if (text && before) {
        transaction.set(path, *text, before->stat.version);
      } else if (text) {
        transaction.create(path, *text);
      } else if (before) {
        transaction.remove(path, before->stat.version);
      }
      Texts texts;
      if (before) texts.before = before->data;
      texts.after = text;
      change_made.keys[key] = std::move(texts);
    }
  };

  [[nodiscard]] const Rule* rule_of(const std::string& key) const {
    const auto at = std::find_if(options_.rules.begin(), options_.rules.end(),
                                 [&](const Rule& rule) { return rule.key == key; });
    return at == options_.rules.end() ? nullptr : &*at;
  }
  [[nodiscard]] std::string why_invalid(const ConfigView& view) const {
    for (const Rule& rule : options_.rules) {
      const Value* value = view.find(rule.key);
      const std::string why = value ? rule.why_invalid(value->data) : "";
      if (!why.empty()) return rule.key + ": " + why;
    }
    return "";
  }

  // The state may also differ in the directory itself.
  [[nodiscard]] bool differs(const ConfigView& view) const {
    const std::vector<std::string> keys = view.keys();
    return keys != view_.keys() || std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
             return view.find(key) != view_.find(key);
           });
  }

  [[nodiscard]] std::string record_path(std::int64_t number) const {
    std::string digits = std::to_string(number);
    return history_ + "/" + std::string(10 - std::min<std::size_t>(digits.size(), 10), '0') + digits;
  }
  // Nothing: there is none, or it is no record.
  static asio::awaitable<std::optional<ConfigChange>> record(Self self, std::int64_t number) {
    const auto [error, value] = co_await self->client_.async_get(self->record_path(number), quietly);
    if (error && error != ErrorCode::no_node) fail(error);
    if (error) co_return std::nullopt;
    std::optional<ConfigChange> change = decode_change(value.data);
    if (!change) fail(ErrorCode::marshalling_error);
    change->number = number;
    change->when_ms = value.stat.ctime;
    co_return change;
  }

  // What is read after this is not older than it.
  static asio::awaitable<Plan> begin(Self self, std::string comment) {
    const Client client = self->client_;
    Plan plan;
    plan.id = client.make_guid();
    plan.change_made.who = self->options_.who;
    plan.change_made.comment = std::move(comment);
    for (;;) {
      const auto [error, stat] = co_await client.linearizable().async_exists(self->history_, quietly);
      if (error) fail(error);
      if (stat) {
        plan.version = stat->version;
        plan.change_made.number = std::int64_t{plan.version} + 1;
        co_return plan;
      }
      co_await make_node(client, self->values_);
      co_await make_node(client, self->history_);
    }
  }

  static asio::awaitable<void> look_at(Self self, std::string key, Plan& plan) {
    const auto [error, value] = co_await self->client_.async_get(self->values_ + "/" + key, quietly);
    if (error && error != ErrorCode::no_node) fail(error);
    plan.there[key] = error ? std::nullopt : std::optional(value);
  }
  // Also that it is what the view shows.
  static asio::awaitable<void> expect(Self self, ConfigView view, std::string key, Plan& plan) {
    co_await look_at(self, key, plan);
    const Value* shown = view.find(key);
    const std::optional<Value>& there = plan.there[key];
    if ((shown != nullptr) != there.has_value()) fail(ErrorCode::bad_version);
    if (!shown) co_return;
    if (shown->stat.czxid != there->stat.czxid || shown->stat.mzxid != there->stat.mzxid)
      fail(ErrorCode::bad_version);
    plan.transaction.check(self->values_ + "/" + key, there->stat.version);
  }

  // False: another change came first; look again. Every change raises the version of `history`, so that what was looked at is
  // as it was, and the record's number tells afterwards whether a change whose answer was lost was made.
  static asio::awaitable<bool> commit(Self self, Plan& plan) {
    const Client client = self->client_;
    const std::string path = self->record_path(plan.change_made.number);
    plan.transaction.set(self->history_, "", plan.version);
    const std::size_t record_creation = plan.transaction.size();
    plan.transaction.create(path, encode_change(plan.change_made, plan.id));
    const auto [error, result] = co_await client.async_multi(plan.transaction, quietly);
    if (error && !may_ask_again(error)) {
      const bool raced =
          error == ErrorCode::bad_version || error == ErrorCode::no_node || error == ErrorCode::node_exists;
      // Somebody who keeps other rules has made a record of that number.
      if (!raced || result.failed_operation() == record_creation) fail(error);
      if (error == ErrorCode::no_node) co_await make_node(client, self->values_);
      co_return false;
    }
    const auto [lost, value] = co_await client.linearizable().async_get(path, quietly);
    if (lost && lost != ErrorCode::no_node) fail(lost);
    if (lost || id_of_change(value.data) != plan.id) co_return false;
    plan.change_made.when_ms = value.stat.ctime;
    co_await prune(self, plan.change_made.number);
    co_return true;
  }

  // What can't be removed now is removed by a later change.
  static asio::awaitable<void> prune(Self self, std::int64_t last) {
    const std::int64_t oldest = last - self->options_.history + 1;
    if (oldest <= 1) co_return;
    const auto [error, children] = co_await self->client_.async_children(self->history_, quietly);
    if (error) co_return;
    const std::string first = std::string(name_of(self->record_path(oldest)));
    for (const std::string& name : children.names) {
      if (name >= first) break;  // sorted
      co_await self->client_.async_remove(self->history_ + "/" + name, any_version, quietly);
    }
  }

  const Client client_;
  const ConfigurationOptions options_;
  const std::string values_, history_;
  mutable std::mutex mutex_;
  std::uint64_t looked_at_ = 0;
  ConfigView view_;
  std::string rejected_;
};

namespace {

std::string without_slash(std::string root) { return root == "/" ? "" : root; }

}  // namespace

Configuration::Configuration(const Client& client, std::string root, ConfigurationOptions options)
    : cache_(client, without_slash(root) + "/values"),
      store_(std::make_shared<Store>(client, without_slash(root), std::move(options))) {}
Configuration::Configuration(Configuration&&) noexcept = default;
Configuration& Configuration::operator=(Configuration&&) noexcept = default;
Configuration::~Configuration() = default;

ConfigView Configuration::view() const { return store_->adopt(cache_.state()); }
std::string Configuration::rejected() const { return (void)view(), store_->rejected(); }

asio::awaitable<ConfigView> Configuration::newer(std::uint64_t revision) const {
  std::uint64_t seen = revision;
  for (;;) {
    const auto state = co_await cache_.newer(seen);
    const ConfigView view = store_->adopt(state);
    if (view.revision() > revision) co_return view;
    seen = state->revision;
  }
}

asio::awaitable<ConfigChange> Configuration::edit(ConfigView view, Edit edit) const {
  return Store::edit(store_, std::move(view), std::move(edit));
}
asio::awaitable<std::vector<ConfigChange>> Configuration::history(std::size_t limit) const {
  return Store::history(store_, limit);
}
asio::awaitable<ConfigChange> Configuration::roll_back(std::int64_t number, std::string comment) const {
  return Store::roll_back(store_, number, std::move(comment));
}

}  // namespace muster::recipes
