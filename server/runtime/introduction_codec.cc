#include "server/runtime/introduction_codec.h"

#include "proto/peer.pb.h"

namespace muster::runtime {

std::string encode(const Introduction& introduction) {
  proto::PeerMessage message;
  auto& body = *message.mutable_introduction();
  body.set_version(introduction.version);
  body.set_from(introduction.from.value);
  body.set_to(introduction.to.value);
  body.set_nonce(introduction.nonce);
  body.set_mac(introduction.mac);
  return message.SerializeAsString();
}

Result<Introduction> decode_introduction(std::string_view bytes) {
  proto::PeerMessage message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !message.has_introduction()) {
    return Error{"did not introduce itself"};
  }
  const auto& body = message.introduction();
  return Introduction{body.version(), ServerId{body.from()}, ServerId{body.to()}, body.nonce(), body.mac()};
}

}  // namespace muster::runtime
