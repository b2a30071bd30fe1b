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
  bool dry_run = false;
  // Into a new ensemble: the configuration of one of its servers, and its name.
  std::string config;
  std::string name;
  // Into the ensemble that runs: below which path, as which super user (USER:PASSWORD), and whether in one operation or in several,
  // each as large as the servers take.
  std::string path;
  std::string login;
  bool in_parts = false;
  std::size_t max_frame_bytes = 1048575;
};
// Makes the data directory of one server of a new ensemble.
void restore_server(const Restore& what);
// Gives `path` and all below it, in the ensemble that runs, the data that the backup has.
void restore_running(const std::string& servers, const Restore& what);

}  // namespace muster::shell
