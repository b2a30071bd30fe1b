// A value of a configuration, with its type, what it is if nobody has set it, and which values are legal.
//
//   const muster::recipes::Setting<int> pool_size{"pool.size", 8, [](int n) { return n > 0 ? "" : "must be above 0"; }};
//
// Values are kept as text that people and other programs read: "true", "8", "0.5". For a type of your own, specialise Text.
#pragma once

#include <charconv>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace muster::recipes {

template <class T>
struct Text;

template <>
struct Text<std::string> {
  static constexpr const char* kind = "text";
  static std::optional<std::string> parse(std::string_view text) { return std::string(text); }
  static std::string print(std::string value) { return value; }
};

template <>
struct Text<bool> {
  static constexpr const char* kind = "true or false";
  static std::optional<bool> parse(std::string_view text) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  }
  static std::string print(bool value) { return value ? "true" : "false"; }
};

// Numbers, in decimal, as much as the type holds.
template <class T>
requires(std::integral<T> || std::floating_point<T>) struct Text<T> {
  static constexpr const char* kind = std::integral<T> ? "a whole number in its range" : "a number";
  static std::optional<T> parse(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
  }
  static std::string print(T value) {
    char text[64];
    return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
};

// What may be kept under a key: a Setting without its type.
struct Rule {
  std::string key;
  std::function<std::string(std::string_view)> why_invalid;  // "" if the text is legal, else why not
};

template <class T>
struct Setting {
  // `check` gives "" if the value is legal, else why not, as half a sentence. A key is a component of a path.
  Setting(std::string with_key, T with_fallback, std::function<std::string(const T&)> with_check = {})
      : key(std::move(with_key)), fallback(std::move(with_fallback)), check(std::move(with_check)) {}

  [[nodiscard]] std::string why_invalid(std::string_view text) const {
    const std::optional<T> value = Text<T>::parse(text);
    if (!value) return "\"" + std::string(text) + "\" is not " + Text<T>::kind;
    return check ? check(*value) : "";
  }
  operator Rule() const {
    return {key, [self = *this](std::string_view text) { return self.why_invalid(text); }};
  }

  std::string key;
  T fallback;
  std::function<std::string(const T&)> check;
};

}  // namespace muster::recipes
