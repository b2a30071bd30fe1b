// Bytes as people write them.
#pragma once

#include <string>
#include <string_view>

namespace muster::wire {

// "0000 ff 'text'": hexadecimal digits, blanks, and text in quotes.
inline std::string bytes(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
    } else if (text[at] == '\'') {
      const std::size_t end = text.find('\'', at + 1);
      out.append(text.substr(at + 1, end - at - 1));
      at = end + 1;
    } else {
      out.push_back(static_cast<char>(digit(text[at]) * 16 + digit(text[at + 1])));
      at += 2;
    }
  }
  return out;
}

}  // namespace muster::wire
