// One connection to another server: first the introduction, then messages both ways.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "server/node/node.h"
#include "server/runtime/introduction.h"
#include "server/runtime/peer_frames.h"
#include "server/runtime/stream.h"

namespace muster::runtime {

class PeerLink;

class PeerLinkOwner {
 public:
  virtual void on_introduced(PeerLink& link) = 0;
  virtual void on_message(PeerLink& link, const node::PeerMessage& message) = 0;
  // It is closed already. `why` is half a sentence.
  virtual void on_lost(PeerLink& link, std::string_view why) = 0;

 protected:
  ~PeerLinkOwner() = default;
};

class PeerLink final : public StreamOwner, public std::enable_shared_from_this<PeerLink> {
 public:
  // `caller`: the address of one who called; empty: this server did.
  PeerLink(PeerLinkOwner& owner, std::string caller, Handshake handshake, Socket socket, Poller& poller);

  void start();
  // Leaves at flush(). Requires that the link is introduced.
  void send(const node::PeerMessage& message);
  void flush();
  void close();

  [[nodiscard]] ServerId other() const { return handshake_.other(); }  // 0: it did not say yet
  [[nodiscard]] const std::string& caller() const { return caller_; }
  [[nodiscard]] bool dialed() const { return caller_.empty(); }
  [[nodiscard]] bool introduced() const { return introduced_; }
  // Given by the owner when the link is introduced.
  broadcast::LinkId id = 0;

  void on_bytes(std::string_view bytes) override;
  void on_broken(std::string_view why) override;

 private:
  bool on_frame(std::string_view frame);
  bool on_introduction(std::string_view frame);
  void introduce(const std::vector<Introduction>& introductions);
  void lose(std::string_view why);

  PeerLinkOwner& owner_;
  std::string caller_;
  Handshake handshake_;
  Timer patience_;
  std::shared_ptr<Stream> stream_;
  PeerFrames frames_;
  bool introduced_ = false;
  bool closed_ = false;
};

}  // namespace muster::runtime
