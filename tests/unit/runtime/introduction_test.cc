#include "server/runtime/introduction.h"

#include <catch2/catch.hpp>
#include <string>

#include "server/runtime/introduction_codec.h"

using namespace muster;
using runtime::Acquaintances;
using runtime::Handshake;
using runtime::Introduction;

namespace {

const std::string nonce_a(16, 'a'), nonce_b(16, 'b');
const std::vector<ServerId> three{ServerId{1}, ServerId{2}, ServerId{3}};

// Two servers that talk until both are done or one refuses; gives the refusal, or "".
std::string meet(const Acquaintances& dialer, ServerId to, const Acquaintances& acceptor) {
  auto calling = Handshake::dialing(dialer, to, nonce_a);
  auto called = Handshake::accepting(acceptor, nonce_b);
  bool calling_done = false, called_done = false;
  std::vector<Introduction> to_called = calling.opening(), to_calling = called.opening();
  while (!to_called.empty() || !to_calling.empty()) {
    const bool forward = !to_called.empty();
    auto& from = forward ? to_called : to_calling;
    const auto heard = from.front();
    from.erase(from.begin());
    const auto step = forward ? called.on_introduction(heard) : calling.on_introduction(heard);
    if (!step) return step.error().message;
    auto& back = forward ? to_calling : to_called;
    back.insert(back.end(), step->send.begin(), step->send.end());
    (forward ? called_done : calling_done) |= step->done;
  }
  REQUIRE((calling_done && called_done));
  REQUIRE(called.other() == dialer.self);
  return "";
}

}  // namespace

TEST_CASE("servers that know each other meet, with and without a secret") {
  CHECK(meet({ServerId{2}, three, ""}, ServerId{1}, {ServerId{1}, three, ""}).empty());
  CHECK(meet({ServerId{3}, three, "secret"}, ServerId{1}, {ServerId{1}, three, "secret"}).empty());
}

TEST_CASE("who has another secret, or none, is refused") {
  const Acquaintances dialer{ServerId{2}, three, "one"}, acceptor{ServerId{1}, three, "another"};
  CHECK(meet(dialer, ServerId{1}, acceptor) == "does not know the secret: the secret files differ");
  const Acquaintances open_acceptor{ServerId{1}, three, ""};
  CHECK(meet(dialer, ServerId{1}, open_acceptor) == "wants a proof, but this server has no secret_file");
}

TEST_CASE("a proof heard on one link, or of the other side, is worth nothing") {
  const Acquaintances one{ServerId{1}, three, "secret"};
  auto calling = Handshake::dialing({ServerId{2}, three, "secret"}, ServerId{1}, nonce_a);
  auto called = Handshake::accepting(one, nonce_b);
  const Acquaintances two{ServerId{2}, three, "secret"};
  calling = Handshake::dialing(two, ServerId{1}, nonce_a);
  const auto first = called.on_introduction(calling.opening()[0]);
  const auto proof = calling.on_introduction(first->send[0])->send[0];
  REQUIRE(proof.mac.size() == 32);

  auto other_link = Handshake::accepting(one, std::string(16, 'c'));
  REQUIRE(other_link.on_introduction(calling.opening()[0]).has_value());
  CHECK_FALSE(other_link.on_introduction(proof).has_value());

  const auto answer = called.on_introduction(proof);
  REQUIRE(answer->done);
  auto reflected = answer->send[0];
  std::swap(reflected.from, reflected.to);
  reflected.nonce = nonce_a;
  auto again = Handshake::accepting(one, nonce_b);
  REQUIRE(again.on_introduction(calling.opening()[0]).has_value());
  CHECK_FALSE(again.on_introduction(reflected).has_value());
}

TEST_CASE("wrong ids, versions, directions and nonces are refused") {
  const Acquaintances known{ServerId{2}, three, ""};
  const auto refused = [&](const Introduction& heard) {
    auto called = Handshake::accepting(known, nonce_b);
    const auto step = called.on_introduction(heard);
    return step ? std::string() : step.error().message;
  };
  const Introduction good{1, ServerId{3}, ServerId{2}, nonce_a, ""};
  CHECK(refused(good).empty());
  CHECK(refused({2, ServerId{3}, ServerId{2}, nonce_a, ""}) ==
        "speaks version 2 of the servers' protocol, not 1");
  CHECK(refused({1, ServerId{2}, ServerId{2}, nonce_a, ""}).find("own id") != std::string::npos);
  CHECK(refused({1, ServerId{4}, ServerId{2}, nonce_a, ""}).find("not in the configuration") !=
        std::string::npos);
  CHECK(refused({1, ServerId{3}, ServerId{1}, nonce_a, ""}) == "looks for server 1, not for this one");
  CHECK(refused({1, ServerId{1}, ServerId{2}, nonce_a, ""}).find("the greater id calls") !=
        std::string::npos);
  CHECK(refused({1, ServerId{3}, ServerId{2}, "brief", ""}) == "sent a bad nonce");
  CHECK(refused({1, ServerId{3}, ServerId{2}, nonce_a, "mac"}) == "sent its proof before it was asked");

  auto calling = Handshake::dialing(known, ServerId{1}, nonce_a);
  CHECK(calling.on_introduction({1, ServerId{3}, ServerId{2}, nonce_b, ""}).error().message ==
        "says it is server 3");
}

TEST_CASE("an introduction survives its bytes, and garbage is none") {
  const Introduction whole{7, ServerId{3}, ServerId{2}, nonce_a, std::string(32, 'm')};
  CHECK(runtime::decode_introduction(encode(whole)).value() == whole);
  CHECK_FALSE(runtime::decode_introduction("").has_value());
  CHECK_FALSE(runtime::decode_introduction("\xff\xff\xff").has_value());
}
