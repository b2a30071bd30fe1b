// Asio as this folder uses it. Its code is compiled once, in asio.cc; no header outside this folder may
// include this one, and server.h, which others see, does not.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace muster::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace muster::runtime
