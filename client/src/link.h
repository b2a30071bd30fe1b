// A session's sockets: one connection to one server, and the question whether another server has a quorum.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string_view>

#include "client/src/connect_string.h"
#include "client/src/host_order.h"

namespace muster::client {

class Link {
 public:
  // Who is told. Never from within a call of the link.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void on_connected() = 0;
    virtual void on_bytes(std::string_view bytes) = 0;
    virtual void on_lost() = 0;
    virtual void on_probed(HostId host, bool read_write) = 0;
  };

  // Everything happens on `strand`. Nothing more is told once the listener is gone.
  Link(boost::asio::any_io_executor strand, std::weak_ptr<Listener> listener);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();

  // Resolves the name anew, and tries its addresses one after the other: on_connected or on_lost.
  void connect(const Host& host);
  // Nothing more is told of the connection, or of the attempt to get one.
  void disconnect();
  // One write at a time is under way; what is added meanwhile goes with the next.
  void write(std::string_view bytes);
  // Asks isro. Answered within probe_ms.
  void probe(HostId id, const Host& host);

 private:
  struct Connection;
  struct Question;
  boost::asio::any_io_executor strand_;
  std::weak_ptr<Listener> listener_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Question> question_;
};

}  // namespace muster::client
