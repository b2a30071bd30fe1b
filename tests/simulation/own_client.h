// Our library's session machine with a simulated socket and clock. What it tells its user is compared with
// what crosses its wire:
//   told             each request is completed once, with the server's own answer; events are told in the
//                    order heard, before the answers that came after them, to all whose watches they are
//   outcome-unknown  a request fails by the machine's own word although the session lives on
//   watches-again    on a new connection it sets exactly those watches that have not fired
//   late-claim       (checks/expiry.h)
#pragma once

#include <map>
#include <memory>
#include <variant>

#include "client/src/session.h"
#include "tests/simulation/client.h"

namespace muster::simulation {

class OwnClient : public Client {
 public:
  OwnClient(const ClientWorld& world, int index, Random random);

  [[nodiscard]] bool connected() const override { return session_machine_->is_connected(); }
  [[nodiscard]] bool settled() const override { return asked_.empty(); }
  void on_connected(SocketId socket) override;
  void on_bytes(SocketId socket, std::string_view bytes) override;
  void on_closed(SocketId socket) override;

 private:
  struct Watch {
    std::string path;
    wire::OpCode type{};  // of the request that set it
    friend bool operator==(const Watch&, const Watch&) = default;
  };
  struct Asked {
    wire::OpCode type{};
    std::string token;
    std::optional<Watch> watch;  // that a good answer leaves
  };
  struct Answer {
    wire::OpCode type{};
    std::string token;
    wire::Reply reply;
  };
  using Heard = std::variant<Answer, WatchedEvent>;

  void act() override;
  void submit(wire::Request request, std::string token) override;
  [[nodiscard]] std::size_t unanswered() const override { return asked_.size(); }
  void on_welcome(const wire::ConnectReply& reply) override;
  void on_refused() override {}
  void on_answer(const Request& request, const wire::Reply& reply) override;
  void on_watch_event(const wire::WatcherEvent& event) override;

  [[nodiscard]] std::int64_t now_ms() const { return world_.loop.now_ms(); }
  [[nodiscard]] static std::optional<Watch> watch_of(const wire::Request& request);
  void begin_session();
  void cut_network();
  void lose_network();
  void drive();  // does what the machine asks
  void do_action(const client::Connect& connect);
  void do_action(const client::Disconnect& disconnect);
  void do_action(const client::Write& write);
  void do_action(const client::Complete& complete);
  void do_action(const client::Probe& probe);
  void do_action(const client::StateChanged& change);
  void do_action(const client::WatchFired& fired);
  void set_timer();
  void note_sent(std::string_view frame);
  void compare_watches(const wire::SetWatchesRequest& request);

  std::unique_ptr<client::Session> session_machine_;
  bool closing_ = false;           // its user has closed it
  std::int64_t cut_until_us_ = 0;  // no network before that
  std::int64_t timer_us_ = INT64_MAX;
  bool hello_sent_ = false;        // on this connection
  wire::FrameReader sent_frames_;  // of what goes out
  std::map<client::RequestId, Asked> asked_;
  std::map<client::WatchId, Watch> watching_;
  std::map<Xid, Zxid> first_sent_;  // writes not answered yet: what was committed then
  std::deque<Heard> heard_;         // and not told yet
};

}  // namespace muster::simulation
