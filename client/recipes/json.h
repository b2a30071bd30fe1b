// JSON, as far as what recipes keep in nodes needs it. Rule: RFC 8259.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace muster::recipes {

struct Json {
  struct Number {
    std::string text;  // as it stands there: no digit is lost
  };
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;  // in their order
  using Any = std::variant<std::nullptr_t, bool, Number, std::string, Array, Object>;

  Json(std::nullptr_t = nullptr) {}
  Json(bool truth) : value(truth) {}
  Json(std::int64_t number) : value(Number{std::to_string(number)}) {}
  Json(std::string text) : value(std::move(text)) {}
  Json(const char* text) : value(std::string(text)) {}
  Json(Array array) : value(std::move(array)) {}
  Json(Object object) : value(std::move(object)) {}

  // Nothing: it is no JSON, or nested deeper than max_depth.
  [[nodiscard]] static std::optional<Json> parse(std::string_view text);
  [[nodiscard]] std::string print() const;

  // The member of an object; null if there is none, or this is no object.
  [[nodiscard]] const Json* find(std::string_view name) const;
  // The member, if it is of that kind.
  [[nodiscard]] const std::string* text(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const;
  [[nodiscard]] std::optional<bool> truth(std::string_view name) const;

  static constexpr int max_depth = 50;

  Any value = nullptr;
};

}  // namespace muster::recipes
