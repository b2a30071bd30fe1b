// Names of znodes: absolute, "/"-separated, UTF-8. Rule: ZooKeeper's PathUtils.validatePath, also on the server.
#pragma once

#include <string_view>

namespace muster {

// "" if `path` is a legal name of a znode, else why not, as half a sentence ("contains an empty component").
// Legal: starts with "/", does not end with "/" (unless it is "/"), no empty, "." or ".." component, none of the
// characters U+0000–001F, 007F–009F, D800–F8FF, FFF0–FFFF, nothing outside the basic plane, valid UTF-8.
[[nodiscard]] std::string_view why_invalid(std::string_view path);
[[nodiscard]] inline bool is_valid_path(std::string_view path) { return why_invalid(path).empty(); }

// "/a/b" → "/a", "/a" → "/", "/" → "". Requires a '/' in `path`.
[[nodiscard]] std::string_view parent_of(std::string_view path);
// "/a/b" → "b", "/" → "".
[[nodiscard]] std::string_view name_of(std::string_view path);

}  // namespace muster
