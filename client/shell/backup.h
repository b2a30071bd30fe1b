// `muster backup` and `muster restore`.
#pragma once

#include <string>

namespace muster::shell {

struct Backup {
  std::string file;
  std::string login;    // USER:PASSWORD of the super user
  bool verify = false;  // only look at the file
};
// From the first of `servers` that answers. Prints what it took; says on standard error how far it is.
void backup(const std::string& servers, const Backup& what);

struct Restore {
  std::string file;
  std::string config;  // of the server
  std::string name;
  bool dry_run = false;
};
// Makes the data directory of one server of a new ensemble.
void restore(const Restore& what);

}  // namespace muster::shell
