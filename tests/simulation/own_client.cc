#include "tests/simulation/own_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

namespace muster::simulation {
namespace {

std::vector<std::string> sorted(std::vector<std::string> paths) {
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Whether a watch that such a request has set is told of such an event of its path.
bool is_told(wire::OpCode type, EventType event) {
  switch (type) {
    case wire::OpCode::add_watch:
      return true;
    case wire::OpCode::get_children:
    case wire::OpCode::get_children2:
      return event == EventType::children_changed || event == EventType::node_deleted;
    default:
      return event != EventType::children_changed && event != EventType::gap;
  }
}

}  // namespace

OwnClient::OwnClient(const ClientWorld& world, int index, Random random) : Client(world, index, random) {
  begin_session();
}

void OwnClient::begin_session() {
  const Profile& profile = world_.profile;
  client::SessionConfig config;
  config.hosts = static_cast<std::size_t>(profile.servers);
  config.timeout_ms =
      static_cast<std::int32_t>(profile.tick_ms * random_.between(profile.least_timeout_ticks, 20));
  if (random_.chance(1, 2)) config.credentials = {{"digest", "sim:secret"}};
  config.remember = static_cast<std::int32_t>(random_.between(1, profile.max_pipeline));
  config.max_in_flight = static_cast<std::size_t>(random_.between(1, profile.max_pipeline));
  session_machine_ = std::make_unique<client::Session>(config, random_.fork(random_.next()), now_ms());
  first_sent_.clear();
  watching_.clear();
  closing_ = false;
}

// What its user does

void OwnClient::act() {
  if (session_machine_->is_over()) {
    begin_session();
    session_machine_->on_tick(now_ms());
    drive();
    return;
  }
  if (timer_us_ == INT64_MAX) set_timer();  // the first time
  if (silent_) return;
  if (now_and_then(Fault::client_moves)) {
    ++counts_.moves;
    lose_network();
  } else if (now_and_then(Fault::client_leaves)) {
    cut_network();
    lose_network();
  } else if (now_and_then(Fault::client_moves)) {
    std::vector<client::HostId> hosts;
    for (std::size_t host = 0; host < static_cast<std::size_t>(world_.profile.servers); ++host) {
      if (random_.chance(2, 3)) hosts.push_back(host);
    }
    if (hosts.empty()) hosts.push_back(0);
    session_machine_->replace_hosts(now_ms(), std::move(hosts));
    drive();
  } else if (now_and_then(Fault::client_closes)) {
    closing_ = true;
    session_machine_->close(now_ms());
    drive();
  } else if (!closing_) {
    ask();
  }
}

void OwnClient::submit(wire::Request request, std::string token) {
  if (!token.empty()) world_.model.sent(token);
  Asked asked{wire::type_of(request), std::move(token), watch_of(request)};
  const client::RequestId id = session_machine_->submit(now_ms(), std::move(request));
  if (!asked_.emplace(id, std::move(asked)).second)
    broken("told", fmt::format("{} gives out request number {} again", who(), id));
  drive();
}

// No server can be reached for a while, which may be longer than the session lives.
void OwnClient::cut_network() {
  cut_until_us_ = world_.loop.now_us() + random_.between(0, session_machine_->timeout_ms() * (1000 * 3 / 2));
}

std::optional<OwnClient::Watch> OwnClient::watch_of(const wire::Request& request) {
  const wire::OpCode type = wire::type_of(request);
  if (const auto* get = std::get_if<wire::GetDataRequest>(&request))
    return get->watch ? std::optional<Watch>({get->path, type}) : std::nullopt;
  if (const auto* exists = std::get_if<wire::ExistsRequest>(&request))
    return exists->watch ? std::optional<Watch>({exists->path, type}) : std::nullopt;
  if (const auto* children = std::get_if<wire::GetChildrenRequest>(&request))
    return children->watch ? std::optional<Watch>({children->path, type}) : std::nullopt;
  if (const auto* add = std::get_if<wire::AddWatchRequest>(&request)) return Watch{add->path, type};
  return std::nullopt;
}

// Its connection breaks; the server hears of it, or does not for long.
void OwnClient::lose_network() {
  if (socket_ == 0) return;
  random_.chance(1, 2) ? world_.sockets.close(socket_) : world_.sockets.abandon(socket_);
  on_closed(socket_);
}

// What happens to it

void OwnClient::on_connected(SocketId socket) {
  if (socket != socket_) return;
  session_machine_->on_connected(now_ms());
  drive();
}

void OwnClient::on_bytes(SocketId socket, std::string_view bytes) {
  if (socket != socket_) return;
  Client::on_bytes(socket, bytes);
  session_machine_->on_bytes(now_ms(), bytes);
  drive();
  if (!heard_.empty()) broken("told", fmt::format("{} does not tell all that it hears", who()));
}

void OwnClient::on_closed(SocketId socket) {
  if (socket != socket_) return;
  // A server that lost touch with the leader gives its clients up: who then finds nobody must know in time.
  if (!calm_ && random_.chance(static_cast<std::uint64_t>(world_.profile.rates[Fault::client_leaves]), 10))
    cut_network();
  wire_ends(true);
  session_machine_->on_lost(now_ms());
  drive();
}

void OwnClient::on_welcome(const wire::ConnectReply& reply) {
  if (reply.remember.value_or(0) <= 0)
    broken("told", who() + " is not granted that its outcomes are remembered");
  world_.expiry.believed(reply.session);
}

void OwnClient::on_answer(const Request& request, const wire::Reply& reply) {
  first_sent_.erase(request.xid);
  const bool own = std::holds_alternative<wire::CloseSessionRequest>(request.request) ||
                   std::holds_alternative<wire::AuthRequest>(request.request);
  if (own) return;
  heard_.emplace_back(Answer{wire::type_of(request.request), request.token, reply});
}

void OwnClient::on_watch_event(const wire::WatcherEvent& event) {
  static constexpr EventType types[] = {EventType::node_created, EventType::node_deleted,
                                        EventType::data_changed, EventType::children_changed};
  heard_.emplace_back(WatchedEvent{types[static_cast<int>(event.type) - 1], event.path});
}

// What it does

void OwnClient::drive() {
  for (auto actions = session_machine_->take_actions(); !actions.empty();
       actions = session_machine_->take_actions()) {
    for (const client::Action& action : actions) std::visit([this](const auto& a) { do_action(a); }, action);
  }
  set_timer();
}

void OwnClient::set_timer() {
  const auto next_ms = session_machine_->next_tick();
  if (!next_ms) return;
  const std::int64_t due_us = std::max(*next_ms * 1000, world_.loop.now_us());
  if (timer_us_ <= due_us) return;
  timer_us_ = due_us;
  world_.loop.at(due_us, [this, due_us] {
    if (timer_us_ != due_us) return;
    timer_us_ = INT64_MAX;
    session_machine_->on_tick(now_ms());
    drive();
  });
}

void OwnClient::do_action(const client::Connect& connect) {
  hello_sent_ = false;
  sent_frames_ = wire::FrameReader();
  if (calm_ || world_.loop.now_us() >= cut_until_us_) {
    const auto server = static_cast<int>(connect.host);
    return wire_begins(world_.sockets.open(*this, server), server);
  }
  if (random_.chance(1, 2)) return;  // nothing answers
  world_.loop.after(1000, [this, machine = session_machine_.get()] {
    if (machine != session_machine_.get() || socket_ != 0) return;
    session_machine_->on_lost(now_ms());
    drive();
  });
}

void OwnClient::do_action(const client::Disconnect& /*disconnect*/) {
  if (socket_ == 0) return;
  world_.sockets.close(socket_);
  wire_ends(true);
}

void OwnClient::do_action(const client::Write& write) {
  if (socket_ == 0) return;
  sent_frames_.append(write.bytes);
  for (;;) {
    const auto frame = sent_frames_.next();
    if (!frame) broken("codec", who() + " sends what is no frame");
    if (!frame.value()) break;
    if (std::exchange(hello_sent_, true)) note_sent(*frame.value());
  }
  world_.sockets.send(socket_, write.bytes);
}

void OwnClient::note_sent(std::string_view frame) {
  const auto header = wire::decode_request_header(frame);
  if (!header) broken("codec", who() + " sends a request without a header");
  auto request = wire::decode_request(header->type, frame);
  if (!request) broken("codec", who() + " sends what no server can read");
  if (header->xid.value == wire::ping_xid) return;
  if (const auto* watches = std::get_if<wire::SetWatchesRequest>(&request.value()))
    return compare_watches(*watches);
  const Zxid committed = world_.model.applied();
  std::string token = token_of(request.value());
  const auto [place, first] = first_sent_.emplace(header->xid, committed);
  sent(
      {header->xid, std::move(request.value()), std::move(token), place->second, first ? Zxid{} : committed});
}

void OwnClient::compare_watches(const wire::SetWatchesRequest& request) {
  const wire::SetWatchesRequest owed = watches_.begin_reset(world_.model, request.relative_zxid);
  const bool same =
      sorted(request.data) == sorted(owed.data) && sorted(request.exist) == sorted(owed.exist) &&
      sorted(request.child) == sorted(owed.child) && sorted(request.persistent) == sorted(owed.persistent);
  if (!same || request.relative_zxid > seen_) {
    broken(
        "watches-again",
        fmt::format("{} sets again {} + {} + {} + {} watches since {}; {} + {} + {} + {} since {} are owed",
                    who(), request.data.size(), request.exist.size(), request.child.size(),
                    request.persistent.size(), request.relative_zxid.value, owed.data.size(),
                    owed.exist.size(), owed.child.size(), owed.persistent.size(), seen_.value));
  }
}

void OwnClient::do_action(const client::Complete& complete) {
  const auto place = asked_.find(complete.id);
  if (place == asked_.end())
    broken("told", fmt::format("{} completes request {}, which is not open", who(), complete.id));
  const Asked asked = std::move(place->second);
  asked_.erase(place);
  const auto* answer = heard_.empty() ? nullptr : std::get_if<Answer>(&heard_.front());
  if (answer != nullptr && answer->type == asked.type && answer->token == asked.token) {
    if (!(answer->reply == complete.reply)) {
      broken("told", fmt::format("{} was answered {} to {} and tells {}", who(),
                                 static_cast<int>(answer->reply.error), asked.token,
                                 static_cast<int>(complete.reply.error)));
    }
    heard_.pop_front();
    const bool missing = complete.reply.error == ErrorCode::no_node && asked.type == wire::OpCode::exists;
    if (asked.watch && (complete.reply.error == ErrorCode::ok || missing))
      watching_.emplace(complete.id, *asked.watch);
  } else if (!session_machine_->is_over() && !closing_) {
    broken("outcome-unknown", fmt::format("{} is told {} of {}, which no server said", who(),
                                          static_cast<int>(complete.reply.error), asked.token));
  }
}

void OwnClient::do_action(const client::Probe& /*probe*/) {
  broken("told", who() + " looks for a server with a quorum, though all have one");
}

void OwnClient::do_action(const client::StateChanged& change) {
  if (!is_over(change.state)) return;
  if (!asked_.empty()) broken("told", who() + " is over and owes answers");
  world_.expiry.given_up(session_machine_->id(), world_.loop.now_us());
  forget_session();
}

void OwnClient::do_action(const client::WatchFired& fired) {
  std::set<client::WatchId> owed;
  for (const auto& [id, watch] : watching_) {
    if (watch.path == fired.event.path && is_told(watch.type, fired.event.type)) owed.insert(id);
  }
  if (std::set<client::WatchId>(fired.watches.begin(), fired.watches.end()) != owed) {
    broken("told",
           fmt::format("{} tells {} watches of {} {}, and {} are owed it", who(), fired.watches.size(),
                       describe(fired.event.type), fired.event.path, owed.size()));
  }
  if (fired.event.type == EventType::gap) return;
  std::erase_if(watching_, [&](const auto& watching) {
    return owed.contains(watching.first) && watching.second.type != wire::OpCode::add_watch;
  });
  const auto* event = heard_.empty() ? nullptr : std::get_if<WatchedEvent>(&heard_.front());
  if (event == nullptr || !(*event == fired.event)) {
    broken("told",
           fmt::format("{} tells of {} {} out of turn", who(), describe(fired.event.type), fired.event.path));
  }
  heard_.pop_front();
}

}  // namespace muster::simulation
