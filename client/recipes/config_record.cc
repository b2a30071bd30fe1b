#include "client/recipes/config_record.h"

#include "client/recipes/json.h"

namespace muster::recipes {
namespace {

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

std::optional<std::string> text_of(const Json& json, std::string_view name) {
  const std::string* text = json.text(name);
  return text ? std::optional(*text) : std::nullopt;
}

}  // namespace

std::string encode_change(const ConfigChange& change, const std::string& id) {
  Json::Object keys;
  for (const auto& [key, texts] : change.keys) {
    Json::Object both;
    both.emplace_back("before", text_or_null(texts.before));
    both.emplace_back("after", text_or_null(texts.after));
    keys.emplace_back(key, std::move(both));
  }
  Json::Object members;
  members.emplace_back("id", id);
  members.emplace_back("who", change.who);
  members.emplace_back("comment", change.comment);
  members.emplace_back("keys", std::move(keys));
  return Json(std::move(members)).print();
}

std::optional<ConfigChange> decode_change(std::string_view data) {
  const auto json = Json::parse(data);
  const Json* keys = json ? json->find("keys") : nullptr;
  const auto* members = keys ? std::get_if<Json::Object>(&keys->value) : nullptr;
  if (!members) return std::nullopt;
  ConfigChange change;
  change.who = text_of(*json, "who").value_or("");
  change.comment = text_of(*json, "comment").value_or("");
  for (const auto& [key, texts] : *members) {
    change.keys[key].before = text_of(texts, "before");
    change.keys[key].after = text_of(texts, "after");
  }
  return change;
}

std::string id_of_change(std::string_view data) {
  const auto json = Json::parse(data);
  return json ? text_of(*json, "id").value_or("") : "";
}

}  // namespace muster::recipes
