// The verbs of c_client: each calls one function of the library and says what came of it.
#pragma once

#include <deque>
#include <map>
#include <string>

namespace muster::c_client {

// The words behind the verb; one that is missing reads as empty.
class Arguments {
 public:
  explicit Arguments(const std::string& line);

  std::string word();          // the next one
  int number(int otherwise);   // the next one, as a number
  bool has(const char* word);  // whether the next one is this; then it is taken
  [[nodiscard]] bool empty() const { return words_.empty(); }

 private:
  std::deque<std::string> words_;
};

using Verbs = std::map<std::string, void (*)(Arguments&)>;

Verbs synchronous_verbs();   // say their result before the next line is read
Verbs asynchronous_verbs();  // only send; their completions say the result

}  // namespace muster::c_client
