// Who is calling? The first frames of a link between two servers, as a machine without a socket:
//
//   dialer (the greater id)                     acceptor
//     {version, from, to, nonce}  ────────────▶   knows who wants to come
//                                 ◀────────────  {version, from, to, nonce}
//   only with a secret:
//     {…, mac}                    ────────────▶   checks it, only then answers
//     checks it                   ◀────────────  {…, mac}
//
// mac = HMAC-SHA-256(secret, nonce of `from`, nonce of `to`, from, to): fresh on each link, different in each
// direction.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace muster::runtime {

inline constexpr std::uint32_t peer_protocol_version = 1;
inline constexpr std::size_t nonce_size = 16;

struct Introduction {
  std::uint32_t version = peer_protocol_version;
  ServerId from, to;
  std::string nonce;
  std::string mac;  // empty in the first of a side
  friend bool operator==(const Introduction&, const Introduction&) = default;
};

// What a server knows before anybody calls.
struct Acquaintances {
  ServerId self;
  std::vector<ServerId> servers;  // all of the ensemble
  std::string secret;             // empty: nobody is authenticated
};

class Handshake {
 public:
  // `nonce`: nonce_size random bytes, used once.
  static Handshake dialing(const Acquaintances& known, ServerId to, std::string nonce);
  static Handshake accepting(const Acquaintances& known, std::string nonce);

  struct Step {
    std::vector<Introduction> send;
    bool done = false;  // the other side is who it says; no further introduction may come
  };
  // What the dialer says first; nothing for an acceptor.
  [[nodiscard]] std::vector<Introduction> opening() const;
  // Error: half a sentence that says why the caller is refused ("… speaks version 2").
  [[nodiscard]] Result<Step> on_introduction(const Introduction& heard);
  // 0 until an acceptor has heard a name.
  [[nodiscard]] ServerId other() const { return other_; }

 private:
  Handshake(const Acquaintances& known, bool dials, ServerId other, std::string nonce)
      : known_(&known), dials_(dials), other_(other), nonce_(std::move(nonce)) {}
  [[nodiscard]] Introduction own(bool with_mac) const;
  [[nodiscard]] std::string why_refused(const Introduction& heard) const;

  const Acquaintances* known_;
  bool dials_;
  ServerId other_;
  std::string nonce_;
  std::string other_nonce_;  // empty until its first introduction
};

}  // namespace muster::runtime
