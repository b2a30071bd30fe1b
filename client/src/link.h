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

  virtual ~Link() = default;

  // Resolves the name anew, and tries its addresses one after the other: on_connected or on_lost.
  virtual void connect(const Host& host) = 0;
  // Nothing more is told of the connection, or of the attempt to get one.
  virtual void disconnect() = 0;
  // To the connection, if there is one.
  virtual void write(std::string_view bytes) = 0;
  // Asks isro. Answered within a second.
  virtual void probe(HostId id, const Host& host) = 0;
};

// Everything happens on `strand`. Nothing more is told once the listener is gone.
[[nodiscard]] std::unique_ptr<Link> make_tcp_link(const boost::asio::any_io_executor& strand,
                                                  std::weak_ptr<Link::Listener> listener);

}  // namespace muster::client
