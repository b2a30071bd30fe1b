// A client of Muster or of Apache ZooKeeper: one session, used by blocking calls.
//
//   auto client = muster::Client::open({"10.0.0.1:2181,10.0.0.2:2181"});
//   if (!client) return complain(client.error().message);
//   auto node = (*client)->get("/config");
//
// Every call may be made from any thread, and waits until a server has answered or the session is over. Calls
// take effect in the order in which they were made. A connection that breaks is replaced without the caller's
// help: what was not answered is asked again. A write that was in flight is sent again where the server
// remembers what it has done (Muster's do); with others it fails with connection_loss, and may or may not
// have been done.
//
// Paths are absolute ("/a/b") and below the chroot of the connect string. Data are bytes, at most about 1 MiB
// with its path. Errors: what the server says (no_node, bad_version, …), and of the client itself
// bad_arguments (a malformed path), connection_loss (no server could be reached in time; a write of unknown
// outcome), session_expired (for good; open a new client), closing (close() was called). Rules of the
// operations: ZooKeeper programmer's guide.
#pragma once

#include <muster/acl.h>
#include <muster/errors.h>
#include <muster/event.h>
#include <muster/stat.h>

#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster {

struct Failure {
  ErrorCode code = ErrorCode::ok;
  std::string message;  // "/a: node does not exist"
};
// Lets Answer<T>::value() throw std::runtime_error where the caller did not ask first.
[[noreturn]] void throw_exception_from_error(const Failure& failure, const boost::source_location& where);

template <class T>
using Answer = boost::system::result<T, Failure>;

struct ClientOptions {
  std::string servers = "127.0.0.1:2181,127.0.0.1:2182,127.0.0.1:2183";  // HOST[:PORT],…[/CHROOT]
  // Without a word from us for so long the servers end the session; the client then holds it for ended too, a
  // little earlier. The servers bound it (by default to 4–40 s).
  std::chrono::milliseconds session_timeout{10'000};
  std::chrono::milliseconds connect_timeout{10'000};  // open() gives up after this
};

enum class CreateMode { persistent, ephemeral, sequential, ephemeral_sequential, container };
enum class Watch { no, yes };  // yes: one event when it changes next
enum class WatchMode { persistent, recursive };

struct Node {
  std::string data;  // a node without data has ""
  Stat stat;
};
struct Children {
  std::vector<std::string> names;  // without the path, sorted
  Stat stat;                       // of the parent
};

// Operations of multi().
struct CreateOp {
  std::string path, data;
  CreateMode mode = CreateMode::persistent;
  std::vector<Acl> acl = open_acl();
};
struct SetOp {
  std::string path, data;
  std::int32_t version = any_version;
};
struct RemoveOp {
  std::string path;
  std::int32_t version = any_version;
};
struct CheckOp {
  std::string path;
  std::int32_t version = any_version;
};  // does nothing if that is its version, else all fails
using Op = std::variant<CreateOp, SetOp, RemoveOp, CheckOp>;
struct OpResult {
  std::string path;          // of a created node, with its number
  std::optional<Stat> stat;  // of a set
};

class Client {
 public:
  // Waits for a session. Error: bad_arguments (servers can't be read) or connection_loss (none of them
  // answered).
  [[nodiscard]] static Answer<std::unique_ptr<Client>> open(const ClientOptions& options = {});
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();  // as close(), and waits for it

  // The path created; a sequential one ends in its ten-digit number. Errors: node_exists, no_node (the
  // parent), …
  [[nodiscard]] Answer<std::string> create(std::string_view path, std::string data,
                                           CreateMode mode = CreateMode::persistent,
                                           std::vector<Acl> acl = open_acl());
  // A watch on a missing node is set by exists() only.
  [[nodiscard]] Answer<Node> get(std::string_view path, Watch watch = Watch::no);
  [[nodiscard]] Answer<Children> children(std::string_view path, Watch watch = Watch::no);
  [[nodiscard]] Answer<std::optional<Stat>> exists(std::string_view path, Watch watch = Watch::no);
  [[nodiscard]] Answer<Stat> set(std::string_view path, std::string data, std::int32_t version = any_version);
  [[nodiscard]] Answer<void> remove(std::string_view path, std::int32_t version = any_version);
  // Afterwards reads show at least what was committed when it was called (ZooKeeper confirms that by its
  // leader only).
  [[nodiscard]] Answer<void> sync(std::string_view path);
  // All or none. Error: of the first operation that failed.
  [[nodiscard]] Answer<std::vector<OpResult>> multi(const std::vector<Op>& ops);

  // An event for every change from now on, until the session ends: of the node and its list of children, or
  // (recursive) of the node and all below it, without children_changed. Changes made while no server was
  // connected are not told.
  [[nodiscard]] Answer<void> watch(std::string_view path, WatchMode mode);
  // The next event of this session, in order; waits for it. After `expired` or `closed` it gives that event
  // again at once. With a limit: nothing when it has passed. At most max_events wait; when a program does not
  // fetch them, the oldest go.
  [[nodiscard]] Event next_event();
  [[nodiscard]] std::optional<Event> next_event(std::chrono::milliseconds limit);
  static constexpr std::size_t max_events = 100'000;

  // Ends the session, its ephemeral nodes and every waiting call (error: closing). Safe from any thread; does
  // not wait.
  void close();

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster
