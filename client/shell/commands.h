// The commands of the command line. Each does its work, writes what it found to standard output, and gives
// the exit status; what goes wrong is thrown as Complaint.
#pragma once

#include <muster/blocking_client.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

namespace muster::shell {

// One sentence for people: what is wrong and what to do.
struct Complaint : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Makes a client and waits for a server, or complains.
[[nodiscard]] BlockingClient open(const std::string& servers);

struct Create {
  std::string path, data;
  bool ephemeral = false, sequential = false, parents = false;
};
void create(const BlockingClient& client, const Create& what);  // prints the path
// Ephemeral nodes live as long as their session: waits until close(), complains if the session ends
// otherwise.
void hold(const BlockingClient& client);

struct Get {
  std::string path;
  bool stat = false;
};
void get(const BlockingClient& client, const Get& what);

struct Set {
  std::string path, data;
  std::int32_t version = any_version;
};
void set(const BlockingClient& client, const Set& what);

struct List {
  std::string path = "/";
  bool recursive = false;
};
void list(const BlockingClient& client, const List& what);

void stat(const BlockingClient& client, const std::string& path);

struct Delete {
  std::string path;
  std::int32_t version = any_version;
  bool recursive = false;
};
void remove(const BlockingClient& client, const Delete& what);

struct WatchFor {
  std::string path;
  bool recursive = false;
};
// Prints a line for each event until close(); complains if the session ends otherwise.
void watch(const BlockingClient& client, const WatchFor& what);

}  // namespace muster::shell
