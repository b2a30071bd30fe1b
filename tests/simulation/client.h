// A client: asks by chance, and holds all that crosses its wire against the model. Two kinds speak:
// StockClient writes its bytes by hand, as clients do that others wrote; OwnClient is our library's session
// machine.
//   replies-in-order  replies come in the order of the requests
//   zxid-monotone     a session never sees a state older than one that it has seen
//   reply             a write's answer is the outcome of its entry; a read's is the model's state at the
//                     reply's zxid
//   sync              what was committed before a sync was sent is seen after it; a write comes after what
//                     was committed before it
//   session-refused   a session is called expired only when the history closed it
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
#include "tests/simulation/checks/expiry.h"
#include "tests/simulation/checks/model.h"
#include "tests/simulation/checks/watches.h"
#include "tests/simulation/sockets.h"

namespace muster::simulation {

// What every client works with.
struct ClientWorld {
  Loop& loop;
  const Profile& profile;
  Sockets& sockets;
  Model& model;
  Expiry& expiry;
};

class Client : public ClientEnd {
 public:
  struct Counts {
    std::uint64_t acks = 0, reads = 0, events = 0, moves = 0, retold = 0;
  };

  Client(const ClientWorld& world, int index, Random random);

  void start();
  void calm_down() { calm_ = true; }      // no more leaving, moving or closing
  void fall_silent() { silent_ = true; }  // and no more requests; the session is kept
  [[nodiscard]] virtual bool connected() const = 0;
  [[nodiscard]] virtual bool settled() const { return true; }  // nobody waits for an answer
  [[nodiscard]] const Counts& counts() const { return counts_; }

  void on_bytes(SocketId socket, std::string_view bytes) override;

 protected:
  struct Request {
    Xid xid;
    wire::Request request;
    std::string token;           // of a write
    Zxid committed_before;       // by anyone, when it was first sent
    Zxid committed_when_resent;  // 0: sent once
  };

  virtual void act() = 0;  // now and then
  virtual void submit(wire::Request request, std::string token) = 0;
  [[nodiscard]] virtual std::size_t unanswered() const = 0;
  // What was heard, after it was checked.
  virtual void on_welcome(const wire::ConnectReply& reply) = 0;
  virtual void on_refused() = 0;  // the session has expired
  virtual void on_answer(const Request& /*request*/, const wire::Reply& /*reply*/) {}
  virtual void on_watch_event(const wire::WatcherEvent& /*event*/) {}

  // Its wire
  void wire_begins(SocketId socket, int server);
  void wire_ends(bool keeps_watches);
  void sent(Request request);
  void forget_session();

  // What it asks
  void ask();
  // A decision of so many percent, seldom taken; of the habits that are younger, with a generator of their own.
  [[nodiscard]] bool now_and_then(Fault habit) { return now_and_then(habit, random_); }
  [[nodiscard]] bool now_and_then(Fault habit, Random& random);
  [[nodiscard]] std::string who() const;

  ClientWorld world_;
  int index_;
  Random random_, habits_;
  bool calm_ = false, silent_ = false;

  SocketId socket_ = 0;  // 0: none
  int server_ = 0;
  std::int64_t heard_us_ = 0;
  SessionId session_;
  Zxid seen_;
  std::deque<Request> in_flight_;  // on this connection, in order
  ClientWatches watches_;
  Counts counts_;
  char kind_ = 'c';      // begins its tokens
  bool simple_ = false;  // its writes are creates only, its syncs are among its reads

 private:
  void live();
  void ask_one();
  void ask_write();
  void ask_read();
  [[nodiscard]] std::string next_token();
  [[nodiscard]] std::string value(const std::string& token);
  [[nodiscard]] std::string directory();
  [[nodiscard]] wire::CreateRequest create_of(const std::string& path, const std::string& token,
                                              std::int32_t flags);
  [[nodiscard]] wire::MultiRequest some_multi(const std::string& token);

  void on_frame(std::string_view payload);
  void on_connect_reply(std::string_view payload);
  void on_event(Zxid zxid, std::string_view body);
  void on_reply(const wire::ReplyHeader& header, std::string_view body);
  void check(const Request& request, const wire::ReplyHeader& header, const wire::ReplyBody& body);
  void check_write(const Request& request, const wire::ReplyHeader& header, const wire::ReplyBody& body);
  void check_refusal(const Request& request, const wire::ReplyHeader& header);
  void check_read(const Request& request, const wire::ReplyHeader& header, const wire::ReplyBody& body);
  void check_node(const std::string& path, const wire::ReplyHeader& header,
                  const std::optional<std::string>* data, const Stat* stat,
                  const std::vector<std::string>* children) const;
  void check_ephemerals(const wire::EphemeralsReply& reply, Zxid zxid) const;
  void arm(const Request& request, const wire::ReplyHeader& header);
  void remember_own(const wire::ReplyBody& body);
  void see(Zxid zxid);

  bool welcomed_ = false;  // on this connection
  std::optional<wire::FrameReader> reader_;
  std::deque<std::string> own_;     // nodes that it created and may delete
  std::int32_t last_version_ = -1;  // of some directory's data, for compare-and-set
  std::uint64_t tokens_ = 0;
};

}  // namespace muster::simulation
