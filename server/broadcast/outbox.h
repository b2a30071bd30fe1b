// The durability rule as a type (DESIGN D4): what may leave only after a disk write is not handed out before
// that write was reported. One write is in flight; the next one gathers meanwhile. Nothing that names an
// epoch leaves before that epoch is durable.
//
//   append / truncate_after / write -> gathering -> take_persist() -> in flight -> persisted() -> durable
//   send_once_durable               -> waits along with whichever of them it found
//   send                            -> waits for its epoch only, so that none overtakes another
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "server/broadcast/peer.h"

namespace muster::broadcast {

class Outbox {
 public:
  Outbox(const HardState& durable, Zxid last) : hard_state_(durable), durable_(last), handed_(last) {}

  // At once, unless it names an epoch that is not yet durable; in order. An epoch is written before it is named, and never falls.
  void send(Envelope envelope);
  void send_once_durable(Envelope envelope);  // after everything gathered so far
  void append(const Entry& entry);
  void truncate_after(Zxid zxid);
  void write(const HardState& hard_state);
  void purge_through(Zxid zxid) { gathering_.purge_through = zxid; }  // nothing waits for that
  void note_committed(Zxid committed);  // a mark for an idle log, if the last one handed out is older

  void persisted(Ticket ticket);

  [[nodiscard]] std::vector<Envelope> take_send();
  // Nothing while one is in flight or when there is nothing to write.
  [[nodiscard]] std::optional<Persist> take_persist(Zxid committed);

  // The end of what is both on disk and still in the log.
  [[nodiscard]] Zxid durable() const { return durable_; }
  [[nodiscard]] const HardState& durable_hard_state() const { return hard_state_; }
  [[nodiscard]] std::size_t gathering_bytes() const { return gathering_bytes_; }

 private:
  friend class Fingerprint;
  struct Flight {
    Ticket ticket = 0;
    Zxid end;  // of the log once it is done; lowered by a truncation meanwhile
    std::optional<HardState> hard_state;
    std::vector<Envelope> held;
  };
  [[nodiscard]] bool gathers() const;

  std::vector<Envelope> send_;
  std::vector<Envelope> until_epoch_;  // by epoch
  std::optional<Flight> flight_;
  Persist gathering_;
  std::vector<Envelope> waiting_;  // for gathering_
  std::size_t gathering_bytes_ = 0;
  bool mark_ = false;
  HardState hard_state_;
  Zxid durable_;
  Zxid handed_;  // end of the log once everything handed out is done
  Zxid marked_;  // the commit point last handed out
  Ticket last_ticket_ = 0;
};

}  // namespace muster::broadcast
