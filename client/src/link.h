// A Session with its sockets, its clock and its thread.
#pragma once

#include <muster/event.h>

#include <functional>
#include <memory>
#include <vector>

#include "client/src/connect_string.h"
#include "client/src/session.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::client {

class Link {
 public:
  using Done = std::function<void(wire::Reply)>;
  using OnEvent = std::function<void(const Event&)>;

  // Connects at once. `config.hosts` is taken from `hosts`. Both kinds of function are called on the link's
  // thread, in the order of the session's actions, and must neither wait nor destroy the link.
  Link(std::vector<Host> hosts, SessionConfig config, OnEvent on_event);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  // Closes the session and waits until it is over. Every `done` has been called by then.
  ~Link();

  // From any thread; requests are done in the order of these calls.
  void submit(wire::Request request, Done done);
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::client
