// How a change stands in the history:
//
//   {"id": GUID, "who": TEXT, "comment": TEXT, "keys": {KEY: {"before": TEXT or null, "after": TEXT or null}, …}}
#pragma once

#include <muster/recipes/configuration.h>

#include <optional>
#include <string>
#include <string_view>

namespace muster::recipes {

[[nodiscard]] std::string encode_change(const ConfigChange& change, const std::string& id);
// All but its number and time. Nothing: it is none.
[[nodiscard]] std::optional<ConfigChange> decode_change(std::string_view data);
[[nodiscard]] std::string id_of_change(std::string_view data);

}  // namespace muster::recipes
