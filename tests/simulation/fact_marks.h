// The marks (marks.h) that show in the facts of a run: one thing that happens while, or after, another one did.
#pragma once

#include <muster/ids.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <vector>

#include "tests/simulation/fact.h"
#include "tests/simulation/marks.h"

namespace muster::simulation {

class FactMarks {
 public:
  void on(const Fact& fact, std::initializer_list<std::int64_t> numbers);
  void hit(Mark mark) { ++counts_[mark.index()]; }
  [[nodiscard]] const MarkCounts& counts() const { return counts_; }

 private:
  struct Server {
    bool up = false, leads = false, has_room = true;
    bool paused_as_leader = false, handing_over = false;
    bool receives = false, sends = false;  // a part of a state has been written, or read, and not the last
    bool wrong = false;                    // its state
  };
  struct Asked {
    std::int64_t epoch = 0;  // of the newest leader then
    bool write = false, sync = false;
  };
  struct Client {
    std::map<std::int64_t, Asked> asked;  // on this connection, by xid, and not answered
    std::int64_t session = 0, server = 0;
  };

  [[nodiscard]] Server& server(std::int64_t number);
  void on_server(const Fact& fact, std::int64_t number, std::int64_t detail);
  void on_state_work(const Fact& fact, Server& server, std::int64_t step);
  void on_death(Server& server, bool power_cut);
  void on_leader(Server& server, std::int64_t epoch);
  void on_client(const Fact& fact, const std::int64_t* numbers);
  void on_answer(Client& client, std::int64_t xid);

  MarkCounts counts_{};
  std::vector<Server> servers_;
  std::map<std::int64_t, Client> clients_;
  std::int64_t epoch_ = 0;  // of the newest leader
};

}  // namespace muster::simulation
