#include "server/tree/tree.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/mutant.h"
#include "server/tree/ops.h"
#include "server/tree/state.h"

namespace muster::tree {
namespace {

Outcome answer(Zxid zxid, wire::Reply reply) {
  Outcome outcome;
  outcome.zxid = zxid;
  outcome.reply = std::move(reply);
  return outcome;
}
Outcome refuse(const Stamp& stamp, ErrorCode error) { return answer(stamp.zxid, {error, {}}); }
Outcome silence(const Stamp& stamp, Fate fate) {
  Outcome outcome;
  outcome.fate = fate;
  outcome.zxid = stamp.zxid;
  return outcome;
}

SessionEvent event(SessionEvent::Kind kind, const SessionRecord& record) {
  const Session& session = record.session;
  return {kind, session.id, session.owner, session.server, session.timeout_ms, record.remember};
}

// The cap is the same on every server, whatever its configuration.
std::int32_t granted(std::int32_t asked) { return std::clamp(asked, 0, Limits{}.max_remembered); }

SessionId id_of_new_session(const Stamp& stamp, ServerId server) {
  constexpr std::uint64_t low_56_bits = (std::uint64_t{1} << 56U) - 1;
  return SessionId{static_cast<std::int64_t>(static_cast<std::uint64_t>(server.value) << 56U |
                                             (static_cast<std::uint64_t>(stamp.zxid.value) & low_56_bits))};
}

// One entry at work.
class Application {
 public:
  Application(Nodes& nodes, Sessions& sessions, const Stamp& stamp, const Command& command)
      : nodes_(nodes), sessions_(sessions), stamp_(stamp), command_(command) {}

  Outcome operator()(const OpenSession& open) {
    const SessionId id = id_of_new_session(stamp_, open.server);
    sessions_.open({id, stamp_.zxid, open.server, open.timeout_ms}, granted(open.remember));
    return with_event(SessionEvent::Kind::opened, id);
  }

  Outcome operator()(const AttachSession& attach) {
    if (sessions_.find(attach.session) == nullptr) return refuse(stamp_, ErrorCode::session_expired);
    sessions_.attach({attach.session, stamp_.zxid, attach.server, attach.timeout_ms},
                     granted(attach.remember));
    return with_event(SessionEvent::Kind::attached, attach.session);
  }

  Outcome operator()(const ExpireSession& expire) {
    const SessionRecord* record = sessions_.find(expire.session);
    if (record == nullptr ||
        (record->session.owner != expire.owner && !mutant(Mutant::expiry_without_owner))) {
      return refuse(stamp_, ErrorCode::session_expired);
    }
    return end(expire.session);
  }

  Outcome operator()(const CloseSession&) {
    if (const Fate fate = fate_of_sender(); fate != Fate::answered) return silence(stamp_, fate);
    return end(command_.session);
  }

  // A client's write.
  template <class Request>
  Outcome operator()(const Request& request) {
    if (const Fate fate = fate_of_sender(); fate != Fate::answered) return silence(stamp_, fate);
    const SessionRecord& record = *sessions_.find(command_.session);
    if (record.remember > 0) {
      const Remembered* first = outcome_of(record, command_.xid);
      if (first != nullptr && !mutant(Mutant::remembered_write_again)) {
        return answer(first->zxid, first->reply);
      }
      if (!record.outcomes.empty() && older(command_.xid, record.outcomes.front().xid)) {
        return refuse(stamp_, ErrorCode::data_inconsistency);
      }
    }
    Outcome outcome = answer(stamp_.zxid, {});
    Scene scene = scene_for(outcome);
    outcome.reply = run(scene, request);
    if (record.remember > 0) sessions_.remember(command_.session, command_.xid, stamp_.zxid, outcome.reply);
    return outcome;
  }

 private:
  [[nodiscard]] Scene scene_for(Outcome& outcome) {
    return {nodes_, sessions_, stamp_, command_.session, command_.identities, outcome.changes};
  }

  [[nodiscard]] Fate fate_of_sender() const {
    const SessionRecord* record = sessions_.find(command_.session);
    if (record == nullptr) return Fate::dead;
    const bool owns = record->session.owner == command_.owner || mutant(Mutant::moved_session_writes_on);
    return owns ? Fate::answered : Fate::moved;
  }

  [[nodiscard]] Outcome with_event(SessionEvent::Kind kind, SessionId id) {
    Outcome outcome = answer(stamp_.zxid, {});
    outcome.session = event(kind, *sessions_.find(id));
    return outcome;
  }

  [[nodiscard]] Outcome end(SessionId id) {
    Outcome outcome = with_event(SessionEvent::Kind::closed, id);
    Scene scene = scene_for(outcome);
    end_session(scene, id);
    return outcome;
  }

  Nodes& nodes_;
  Sessions& sessions_;
  const Stamp& stamp_;
  const Command& command_;
};

}  // namespace

Tree::Tree() : state_(std::make_unique<State>()) {}
Tree::Tree(const Tree& other) : state_(std::make_unique<State>(*other.state_)) {}
Tree& Tree::operator=(const Tree& other) { return *this = Tree(other); }
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

void Tree::skip(const Stamp& stamp) {
  const Zxid last = state_->applied;
  CHECK(stamp.zxid.value > 0 && (last == Zxid{} || stamp.zxid == last.next()),
        "entries come in order, without gaps");
  state_->applied = stamp.zxid;
}

Outcome Tree::apply(const Stamp& stamp, std::string_view bytes) {
  Command& command = state_->command;
  const bool known = decode_command(bytes, command);
  if (!known) skip(stamp);
  Outcome outcome = known ? apply(stamp, command) : refuse(stamp, ErrorCode::marshalling_error);
  if (bytes.size() > State::kept_command_bytes) command = {};
  return outcome;
}

Outcome Tree::apply(const Stamp& stamp, const Command& command) {
  CHECK(stamp.semantics <= newest_semantics,
        "this release knows one meaning of an entry; a later one must not be guessed");
  skip(stamp);
  return std::visit(Application(state_->nodes, state_->sessions, stamp, command), command.operation);
}

Zxid Tree::applied() const { return state_->applied; }
std::uint64_t Tree::digest() const { return state_->nodes.digest() + state_->sessions.digest(); }
std::uint64_t Tree::recompute_digest() const {
  return state_->nodes.recompute_digest() + state_->sessions.recompute_digest();
}

}  // namespace muster::tree
