// Asio as this folder uses it. Its code is compiled once, in asio.cc; no header outside this folder may
// include this one, and server.h, which others see, does not.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

namespace muster::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// All run on one io_context: the executor needs no virtual calls.
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<tcp, Executor>;
using Resolver = asio::ip::basic_resolver<tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace muster::runtime
