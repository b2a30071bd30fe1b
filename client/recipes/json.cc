#include "client/recipes/json.h"

#include <charconv>

namespace muster::recipes {
namespace {

constexpr std::string_view digits = "0123456789";

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | code >> 18);
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

// Each function takes what it names from the front of the text; false: it does not stand there.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool document(Json& out) { return any(out, 0) && (space(), text_.empty()); }

 private:
  void space() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }
  bool word(std::string_view expected) {
    space();
    if (!text_.starts_with(expected)) return false;
    text_.remove_prefix(expected.size());
    return true;
  }

  bool any(Json& out, int depth) {
    if (depth > Json::max_depth) return false;
    if (word("null")) return out.value = nullptr, true;
    if (word("true")) return out.value = true, true;
    if (word("false")) return out.value = false, true;
    if (word("[")) return array(out.value.emplace<Json::Array>(), depth);
    if (word("{")) return object(out.value.emplace<Json::Object>(), depth);
    if (word("\"")) return string(out.value.emplace<std::string>());
    return number(out.value.emplace<Json::Number>().text);
  }

  bool array(Json::Array& out, int depth) {
    if (word("]")) return true;
    do {
      if (!any(out.emplace_back(), depth + 1)) return false;
    } while (word(","));
    return word("]");
  }

  bool object(Json::Object& out, int depth) {
    if (word("}")) return true;
    do {
      auto& [name, member] = out.emplace_back();
      if (!word("\"") || !string(name) || !word(":") || !any(member, depth + 1)) return false;
    } while (word(","));
    return word("}");
  }

  // -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
  bool number(std::string& out) {
    const std::string_view begin = text_;
    take('-');
    if (!take('0') && !some_digits()) return false;
    if (take('.') && !some_digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!some_digits()) return false;
    }
    out = begin.substr(0, begin.size() - text_.size());
    return true;
  }
  bool take(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool some_digits() {
    const std::size_t count = std::min(text_.find_first_not_of(digits), text_.size());
    text_.remove_prefix(count);
    return count > 0;
  }

  // Behind the first quotation mark.
  bool string(std::string& out) {
    while (!text_.empty()) {
      const char next = text_.front();
      text_.remove_prefix(1);
      if (next == '"') return true;
      if (static_cast<unsigned char>(next) < 0x20) return false;
      if (next != '\\') {
        out += next;
      } else if (!escaped(out)) {
        return false;
      }
    }
    return false;
  }
  bool escaped(std::string& out) {
    if (text_.empty()) return false;
    const char kind = text_.front();
    text_.remove_prefix(1);
    if (kind == 'u') return code_point(out);
    constexpr std::string_view kinds = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    const std::size_t at = kinds.find(kind);
    if (at == std::string_view::npos) return false;
    out += meant[at];
    return true;
  }
  // Two halves of one that is outside the basic plane; a half alone is refused.
  bool code_point(std::string& out) {
    std::uint32_t code = 0, low = 0;
    if (!four_digits(code)) return false;
    const bool high = code >= 0xD800 && code < 0xDC00;
    if (high) {
      if (!text_.starts_with("\\u")) return false;
      text_.remove_prefix(2);
      if (!four_digits(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code <= 0xDFFF) {
      return false;
    }
    append_utf8(out, code);
    return true;
  }
  bool four_digits(std::uint32_t& out) {
    if (text_.size() < 4) return false;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + 4, out, 16);
    const bool good = error == std::errc() && end == text_.data() + 4;
    text_.remove_prefix(4);
    return good;
  }

  std::string_view text_;
};

class Printer {
 public:
  void operator()(std::nullptr_t) { out += "null"; }
  void operator()(bool truth) { out += truth ? "true" : "false"; }
  void operator()(const Json::Number& number) { out += number.text; }
  void operator()(const std::string& text) {
    out += '"';
    for (const char c : text) {
      const auto code = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') out += '\\';
      if (code >= 0x20) {
        out += c;
      } else {
        constexpr std::string_view hex = "0123456789abcdef";
        (((out += "\\u00") += hex[code >> 4]) += hex[code & 0xF]);
      }
    }
    out += '"';
  }
  void operator()(const Json::Array& array) {
    const char* before = "[";
    for (const Json& element : array) {
      out += std::exchange(before, ",");
      std::visit(*this, element.value);
    }
    out += array.empty() ? "[]" : "]";
  }
  void operator()(const Json::Object& object) {
    const char* before = "{";
    for (const auto& [name, member] : object) {
      out += std::exchange(before, ",");
      (*this)(name);
      out += ':';
      std::visit(*this, member.value);
    }
    out += object.empty() ? "{}" : "}";
  }

  std::string out;
};

}  // namespace

std::optional<Json> Json::parse(std::string_view text) {
  Json json;
  if (!Parser(text).document(json)) return std::nullopt;
  return json;
}

std::string Json::print() const {
  Printer printer;
  std::visit(printer, value);
  return std::move(printer.out);
}

const Json* Json::find(std::string_view name) const {
  const auto* object = std::get_if<Object>(&value);
  if (!object) return nullptr;
  for (const auto& [member, json] : *object) {
    if (member == name) return &json;
  }
  return nullptr;
}

const std::string* Json::text(std::string_view name) const {
  const Json* member = find(name);
  return member ? std::get_if<std::string>(&member->value) : nullptr;
}

std::optional<std::int64_t> Json::number(std::string_view name) const {
  const Json* member = find(name);
  const auto* number = member ? std::get_if<Number>(&member->value) : nullptr;
  if (!number) return std::nullopt;
  std::int64_t result = 0;
  const char* end = number->text.data() + number->text.size();
  const auto [stop, error] = std::from_chars(number->text.data(), end, result);
  if (error != std::errc() || stop != end) return std::nullopt;
  return result;
}

std::optional<bool> Json::truth(std::string_view name) const {
  const Json* member = find(name);
  const auto* truth = member ? std::get_if<bool>(&member->value) : nullptr;
  return truth ? std::optional(*truth) : std::nullopt;
}

}  // namespace muster::recipes
