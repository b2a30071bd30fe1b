#include "server/runtime/introduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/runtime/crypto.h"

namespace muster::runtime {
namespace {

void append_number(std::string& out, std::int32_t number) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(static_cast<std::uint32_t>(number) >> shift);
  }
}

std::string mac_of(const std::string& secret, const std::string& from_nonce, const std::string& to_nonce,
                   ServerId from, ServerId to) {
  std::string signed_bytes = from_nonce + to_nonce;
  append_number(signed_bytes, from.value);
  append_number(signed_bytes, to.value);
  return hmac_sha256(secret, signed_bytes);
}

}  // namespace

Handshake Handshake::dialing(const Acquaintances& known, ServerId to, std::string nonce) {
  return {known, true, to, std::move(nonce)};
}

Handshake Handshake::accepting(const Acquaintances& known, std::string nonce) {
  return {known, false, ServerId{}, std::move(nonce)};
}

Introduction Handshake::own(bool with_mac) const {
  Introduction introduction{peer_protocol_version, known_->self, other_, nonce_, ""};
  if (with_mac) introduction.mac = mac_of(known_->secret, nonce_, other_nonce_, known_->self, other_);
  return introduction;
}

std::vector<Introduction> Handshake::opening() const {
  return dials_ ? std::vector{own(false)} : std::vector<Introduction>{};
}

std::string Handshake::why_refused(const Introduction& heard) const {
  if (heard.version != peer_protocol_version) {
    return fmt::format("speaks version {} of the servers' protocol, not {}", heard.version,
                       peer_protocol_version);
  }
  if (heard.from == known_->self) return "has this server's own id: two servers have the same server_id";
  if (std::find(known_->servers.begin(), known_->servers.end(), heard.from) == known_->servers.end()) {
    return fmt::format("says it is server {}, which is not in the configuration", heard.from.value);
  }
  if (heard.to != known_->self) return fmt::format("looks for server {}, not for this one", heard.to.value);
  if (other_.value != 0 && heard.from != other_) return fmt::format("says it is server {}", heard.from.value);
  if (!dials_ && heard.from < known_->self) return "called, although the server with the greater id calls";
  if (heard.nonce.size() != nonce_size) return "sent a bad nonce";
  if (!other_nonce_.empty() && heard.nonce != other_nonce_) return "changed its nonce";
  return "";
}

Result<Handshake::Step> Handshake::on_introduction(const Introduction& heard) {
  if (auto why = why_refused(heard); !why.empty()) return Error{std::move(why)};
  const bool secured = !known_->secret.empty();
  if (other_nonce_.empty()) {
    other_ = heard.from;
    other_nonce_ = heard.nonce;
    if (!heard.mac.empty()) return Error{"sent its proof before it was asked"};
    Step step;
    step.done = !secured;
    if (!dials_) step.send.push_back(own(false));
    if (dials_ && secured) step.send.push_back(own(true));
    return step;
  }
  if (!secured) return Error{"wants a proof, but this server has no secret_file"};
  if (!equal_secretly(heard.mac, mac_of(known_->secret, other_nonce_, nonce_, other_, known_->self))) {
    return Error{"does not know the secret: the secret files differ"};
  }
  Step step;
  step.done = true;
  if (!dials_) step.send.push_back(own(true));
  return step;
}

}  // namespace muster::runtime
