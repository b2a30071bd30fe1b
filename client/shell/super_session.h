// A session of the super user on one server, for the operations that are not ZooKeeper's: one request at a time, blocking.
#pragma once

#include <memory>
#include <string>

#include "client/src/connect_string.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::shell {

class SuperSession {
 public:
  // Throws Complaint: it does not answer, or does not serve.
  SuperSession(const client::Host& host, const std::string& login);
  ~SuperSession();
  SuperSession(const SuperSession&) = delete;
  SuperSession& operator=(const SuperSession&) = delete;

  // Waits as long as it takes; the session lives meanwhile. Throws Complaint: the connection is lost, or the server refuses.
  [[nodiscard]] wire::ReplyBody call(const wire::Request& request);
  // The same; what the server refuses is the caller's to tell.
  [[nodiscard]] wire::Reply try_call(const wire::Request& request);
  // What the last answer says of the state that it was given in.
  [[nodiscard]] Zxid zxid() const { return zxid_; }
  [[nodiscard]] const std::string& server() const { return server_; }

 private:
  struct Stream;
  std::string server_;
  std::unique_ptr<Stream> stream_;
  std::int32_t xid_ = 0;
  Zxid zxid_;
};

}  // namespace muster::shell
