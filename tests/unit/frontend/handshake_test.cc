#include "server/frontend/handshake.h"

#include <catch2/catch.hpp>

#include "server/frontend/password.h"

using namespace muster;
using namespace muster::frontend;

namespace {
const std::string secret(32, 's');

wire::ConnectReply reply_of(const std::string& frame) {
  return wire::decode_connect_reply(std::string_view(frame).substr(4)).value();
}
}  // namespace

TEST_CASE("time-outs are clamped to 2-20 ticks") {
  CHECK(negotiated_timeout(10000, 2000) == 10000);
  CHECK(negotiated_timeout(1, 2000) == 4000);
  CHECK(negotiated_timeout(-5, 2000) == 4000);
  CHECK(negotiated_timeout(2000000000, 2000) == 40000);
}

TEST_CASE("a handshake is judged by what the client saw, then by its password") {
  wire::ConnectRequest request;
  CHECK(judge(request, secret, Zxid{5}) == Verdict::go);
  request.last_zxid_seen = Zxid{5};
  CHECK(judge(request, secret, Zxid{5}) == Verdict::go);
  request.last_zxid_seen = Zxid{6};
  CHECK(judge(request, secret, Zxid{5}) == Verdict::behind);
  request.session = SessionId{9};
  CHECK(judge(request, secret, Zxid{6}) == Verdict::refuse);
  request.password = password_of(secret, SessionId{9});
  CHECK(judge(request, secret, Zxid{6}) == Verdict::go);
  CHECK(judge(request, secret, Zxid{5}) == Verdict::behind);
}

TEST_CASE("a new session is opened, an old one attached") {
  Settings settings;
  settings.self = ServerId{3};
  wire::ConnectRequest request;
  request.timeout_ms = 6000;
  CHECK(session_command(request, settings).operation ==
        tree::Operation{tree::OpenSession{ServerId{3}, 6000, 0}});
  request.session = SessionId{9};
  request.remember = 5000;
  CHECK(session_command(request, settings).operation ==
        tree::Operation{tree::AttachSession{SessionId{9}, ServerId{3}, 6000, 1000}});
  request.remember = -1;
  CHECK(session_command(request, settings).operation ==
        tree::Operation{tree::AttachSession{SessionId{9}, ServerId{3}, 6000, 0}});
}

TEST_CASE("the reply has the byte and the extension exactly if the request had them") {
  const tree::SessionEvent event{
      tree::SessionEvent::Kind::opened, SessionId{77}, Zxid{4}, ServerId{1}, 8000, 12};
  wire::ConnectRequest request;
  std::string out;
  append_accepted(out, request, event, secret);
  CHECK(out.size() == 4 + 36);
  CHECK(reply_of(out).session == SessionId{77});
  CHECK(reply_of(out).timeout_ms == 8000);
  CHECK(reply_of(out).password == password_of(secret, SessionId{77}));

  out.clear();
  request.read_only = true;
  append_accepted(out, request, event, secret);
  CHECK(out.size() == 4 + 37);
  CHECK(reply_of(out).read_only == false);

  out.clear();
  request.remember = 100;
  append_accepted(out, request, event, secret);
  CHECK(reply_of(out).remember == 12);

  out.clear();
  append_refused(out, request);
  CHECK(reply_of(out) == wire::ConnectReply{0, 0, SessionId{}, std::string(16, '\0'), false, 0});
}
