#include <muster/path.h>

#include <cstddef>
#include <cstdint>

namespace muster {
namespace {

// Decodes one UTF-8 character at `at` and advances; false for anything that is not well-formed UTF-8.
bool next_character(std::string_view text, std::size_t& at, std::uint32_t& character) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(at);
  if (first < 0x80) {
    character = first;
    ++at;
    return true;
  }
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || first > 0xF4 || text.size() - at < length) return false;
  character = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return false;
    character = (character << 6U) | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  at += length;
  return !overlong;
}

bool is_forbidden(std::uint32_t c) {
  return c <= 0x1F || (c >= 0x7F && c <= 0x9F) || (c >= 0xD800 && c <= 0xF8FF) || c >= 0xFFF0;
}

}  // namespace

std::string_view why_invalid(std::string_view path) {
  if (path.empty()) return "is empty";
  if (path.front() != '/') return "does not start with /";
  if (path.size() == 1) return "";
  if (path.back() == '/') return "ends with /";
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] >= ' ' && path[at] <= '~') {  // nearly all
      ++at;
      continue;
    }
    std::uint32_t character = 0;
    if (!next_character(path, at, character)) return "is not valid UTF-8";
    if (is_forbidden(character)) return "contains a character that is not allowed";
  }
  for (std::size_t start = 1; start <= path.size();) {
    std::size_t end = path.find('/', start);
    if (end == std::string_view::npos) end = path.size();
    const std::string_view component = path.substr(start, end - start);
    if (component.empty()) return "contains an empty component";
    if (component == "." || component == "..") return "contains a relative component";
    start = end + 1;
  }
  return "";
}

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (path.size() <= 1) return "";
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace muster
