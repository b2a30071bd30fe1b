// Entries of the registry in JSON, and picking one.
#include <muster/recipes/registry.h>

#include <charconv>

#include "client/recipes/json.h"

namespace muster::recipes {
namespace {

constexpr std::string_view weight_name = "weight";
// What Jackson adds to an object whose class it may need to know.
constexpr std::string_view class_name = "@class";

Json optional_number(const std::optional<std::int32_t>& number) {
  return number ? Json(std::int64_t{*number}) : Json(nullptr);
}

std::optional<std::int32_t> port_of(const Json& json, std::string_view name) {
  const auto number = json.number(name);
  if (!number || *number < 0 || *number > 65535) return std::nullopt;
  return static_cast<std::int32_t>(*number);
}

std::string text_of(const Json& json) {
  const auto* text = std::get_if<std::string>(&json.value);
  return text ? *text : json.print();
}

std::uint32_t weight_of(const std::string& text) {
  std::uint32_t weight = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
  return error == std::errc() && end == text.data() + text.size() ? weight : 1;
}

void read_payload(const Json& payload, ServiceInstance& instance) {
  if (std::holds_alternative<std::nullptr_t>(payload.value)) return;
  if (const auto* members = std::get_if<Json::Object>(&payload.value)) {
    for (const auto& [name, value] : *members) {
      if (name != class_name) instance.attributes[name] = text_of(value);
    }
  } else {
    instance.attributes["payload"] = text_of(payload);
  }
  if (auto weight = instance.attributes.extract(std::string(weight_name)))
    instance.weight = weight_of(weight.mapped());
}

}  // namespace

std::string to_json(const ServiceInstance& instance) {
  Json::Object payload;
  for (const auto& [name, value] : instance.attributes) payload.emplace_back(name, value);
  if (instance.weight != 1) payload.emplace_back(weight_name, std::to_string(instance.weight));
  Json::Object members;
  members.emplace_back("name", instance.name);
  members.emplace_back("id", instance.id);
  members.emplace_back("address", instance.address);
  members.emplace_back("port", optional_number(instance.port));
  members.emplace_back("sslPort", optional_number(instance.ssl_port));
  members.emplace_back("payload", payload.empty() ? Json(nullptr) : Json(std::move(payload)));
  members.emplace_back("registrationTimeUTC", Json(instance.registered_ms));
  members.emplace_back("serviceType", "DYNAMIC");
  members.emplace_back("uriSpec", nullptr);
  members.emplace_back("enabled", instance.enabled);
  return Json(std::move(members)).print();
}

std::optional<ServiceInstance> instance_from_json(std::string_view data) {
  const auto json = Json::parse(data);
  if (!json) return std::nullopt;
  const std::string *name = json->text("name"), *id = json->text("id");
  if (!name || !id) return std::nullopt;
  ServiceInstance instance;
  instance.name = *name;
  instance.id = *id;
  if (const std::string* address = json->text("address")) instance.address = *address;
  instance.port = port_of(*json, "port");
  instance.ssl_port = port_of(*json, "sslPort");
  instance.registered_ms = json->number("registrationTimeUTC").value_or(0);
  instance.enabled = json->truth("enabled").value_or(true);  // Curator before 4 does not write it
  if (const Json* payload = json->find("payload")) read_payload(*payload, instance);
  return instance;
}

std::uint64_t Instances::total_weight() const {
  std::uint64_t total = 0;
  for (const ServiceInstance& instance : all) total += instance.enabled ? instance.weight : 0;
  return total;
}

const ServiceInstance* Instances::at_weight(std::uint64_t weight) const {
  for (const ServiceInstance& instance : all) {
    const std::uint64_t mine = instance.enabled ? instance.weight : 0;
    if (weight < mine) return &instance;
    weight -= mine;
  }
  return nullptr;
}

}  // namespace muster::recipes
