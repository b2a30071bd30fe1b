// A scripted client: speaks real bytes, keeps a session over connections to any server, and holds every
// answer against the model.
//   replies-in-order  replies come in the order of the requests
//   zxid-monotone     a session never sees a state older than one that it has seen
//   reply             a write's answer is the outcome of its entry; a read's is the model's state at the
//   reply's zxid sync              what was committed before a sync was sent is seen after it; a write comes
//   after what was committed before it session-refused   a session is called expired only when the history
//   closed it
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/random.h"
#include "common/wire/connect.h"
#include "common/wire/frame.h"
#include "common/wire/replies.h"
#include "common/wire/requests.h"
#include "tests/simulation/checks/model.h"
#include "tests/simulation/checks/watches.h"
#include "tests/simulation/sockets.h"

namespace muster::simulation {

class Client : public ClientEnd {
 public:
  struct Counts {
    std::uint64_t acks = 0, reads = 0, events = 0, resets = 0, moves = 0, sessions = 0, expired = 0,
                  resent = 0, retold = 0;
  };

  // `probe`: stays at server `home` and does no more than it must.
  Client(Loop& loop, const Profile& profile, Sockets& sockets, Model& model, Expiry& expiry, int index,
         Random random, std::optional<int> probe = std::nullopt);

  void start();
  void calm_down() { calm_ = true; }      // no more leaving, moving or closing
  void fall_silent() { silent_ = true; }  // and no more requests; the session is kept
  [[nodiscard]] bool connected() const { return state_ == State::connected; }
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] SessionId session() const { return session_; }

  void on_connected(SocketId socket) override;
  void on_bytes(SocketId socket, std::string_view bytes) override;
  void on_closed(SocketId socket) override;

 private:
  enum class State { away, connecting, connected };
  struct Request {
    Xid xid;
    wire::Request request;
    std::string token;           // of a write
    Zxid committed_before;       // by anyone, when it was first sent
    Zxid committed_when_resent;  // 0: sent once
  };

  // When it acts
  void act();
  void leave_or_act();
  void connect();
  void disconnect(bool politely);
  void stay_away(std::int64_t us);
  void keep_alive(std::uint64_t connection);

  // What it asks
  void ask();
  void ask_write();
  void ask_read();
  void submit(wire::Request request, std::string token);
  void transmit(Request request);
  [[nodiscard]] std::string next_token();
  [[nodiscard]] std::string value(const std::string& token);
  [[nodiscard]] std::string directory();
  [[nodiscard]] wire::CreateRequest create_of(const std::string& path, const std::string& token,
                                              std::int32_t flags);
  [[nodiscard]] wire::MultiRequest some_multi(const std::string& token);

  // What it hears
  void on_frame(std::string_view payload);
  void on_connect_reply(std::string_view payload);
  void on_event(Zxid zxid, std::string_view body);
  void on_reply(const wire::ReplyHeader& header, std::string_view body);
  void check_write(const Request& request, const wire::ReplyHeader& header, const wire::ReplyBody& body);
  void check_read(const Request& request, const wire::ReplyHeader& header, const wire::ReplyBody& body);
  void check_node(const std::string& path, const wire::ReplyHeader& header,
                  const std::optional<std::string>* data, const Stat* stat,
                  const std::vector<std::string>* children) const;
  void check_ephemerals(const wire::EphemeralsReply& reply, Zxid zxid) const;
  void arm(const Request& request, const wire::ReplyHeader& header);
  void remember_own(const wire::ReplyBody& body);
  void see(Zxid zxid);
  void set_watches_again();
  void forget_session();
  [[nodiscard]] std::string who() const;

  Loop& loop_;
  const Profile& profile_;
  Sockets& sockets_;
  Model& model_;
  Expiry& expiry_;
  int index_;
  Random random_;
  std::optional<int> probe_;
  bool calm_ = false, silent_ = false;
  bool remembers_ = false, restarts_xids_ = false, resets_watches_ = false;

  State state_ = State::away;
  std::uint64_t connection_ = 0;  // counts connections
  SocketId socket_ = 0;
  int server_ = 0;
  std::optional<wire::FrameReader> reader_;
  std::int64_t asked_us_ = 0, heard_us_ = 0;

  SessionId session_;
  std::string password_;
  std::int64_t timeout_us_ = 0;
  bool granted_ = false;  // the session remembers
  bool closing_ = false;
  Zxid seen_;
  Xid last_xid_;
  std::deque<Request> pending_;     // on this connection, in order
  std::deque<Request> unanswered_;  // writes of a broken connection, to be sent again
  ClientWatches watches_;
  std::deque<std::string> own_;     // nodes that it created and may delete
  std::int32_t last_version_ = -1;  // of some directory's data, for compare-and-set
  std::uint64_t tokens_ = 0;
  Counts counts_;
};

}  // namespace muster::simulation
