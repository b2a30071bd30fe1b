#include "server/storage/background.h"

#include <unistd.h>

namespace muster::storage {
namespace {

constexpr int kNice = 10;

}  // namespace

// Linux keeps it for each thread. Where it is refused everything works, too.
void yield_to_others() {
  thread_local bool yields = false;
  if (!yields) yields = ::nice(kNice) != -1;
}

}  // namespace muster::storage
