// One value of every record that travels, so that a property can be tested for all of them.
#pragma once

#include <vector>

#include "common/wire/replies.h"
#include "common/wire/requests.h"

namespace muster::wire {

inline Stat some_stat() { return {Zxid{1}, Zxid{2}, 3, 4, 5, 6, 7, SessionId{8}, 9, 10, Zxid{11}}; }

inline std::vector<Request> all_requests() {
  const std::vector<Acl> acl = {{perm::all, {"world", "anyone"}}, {perm::read, {std::nullopt, ""}}};
  const CreateRequest create{OpCode::create, "/a", "data", acl, create_flags::ephemeral, 0};
  const CreateRequest create2{OpCode::create2, "/a", "", acl, 0, 0};
  const CreateRequest container{OpCode::create_container, "/c", std::nullopt, open_acl(),
                                create_flags::container,  0};
  const CreateRequest ttl{OpCode::create_ttl, "/t", "x", open_acl(), create_flags::ttl, 60'000};
  const MultiRequest multi{{create, create2, container, ttl, DeleteRequest{"/d", 3},
                            SetDataRequest{"/e", std::nullopt, -1}, CheckVersionRequest{"/f", 0}}};
  const MultiReadRequest multi_read{
      {GetDataRequest{"/a", false}, GetChildrenRequest{OpCode::get_children, "/b", true}}};
  return {create,
          create2,
          container,
          ttl,
          CreateRequest{OpCode::create, "", std::nullopt, std::nullopt, 99, 0},
          CreateRequest{OpCode::create, "/empty", "", std::vector<Acl>{}, 0, 0},
          DeleteRequest{"/d", 7},
          SetDataRequest{"/e", "value", 1},
          SetDataRequest{"/e", std::nullopt, -1},
          SetAclRequest{"/e", acl, 1},
          SetAclRequest{"/e", std::nullopt, 1},
          multi,
          MultiRequest{},
          ExistsRequest{"/x", true},
          GetDataRequest{"/x", false},
          GetAclRequest{"/x"},
          GetChildrenRequest{OpCode::get_children, "/x", true},
          GetChildrenRequest{OpCode::get_children2, "/x", false},
          multi_read,
          MultiReadRequest{},
          SyncRequest{"/s"},
          SyncRequest{std::nullopt},
          PingRequest{},
          CloseSessionRequest{},
          AuthRequest{0, "digest", "user:password"},
          AuthRequest{0, std::nullopt, std::nullopt},
          SaslRequest{"token"},
          SaslRequest{std::nullopt},
          SetWatchesRequest{OpCode::set_watches, Zxid{9}, {"/a"}, {}, {"/b", "/c"}, {}, {}},
          SetWatchesRequest{OpCode::set_watches2, Zxid{9}, {}, {"/a"}, {}, {"/b"}, {"/c", "/d"}},
          WatchesRequest{OpCode::check_watches, "/w", 3},
          WatchesRequest{OpCode::remove_watches, "/w", 1},
          AddWatchRequest{"/w", 1},
          GetEphemeralsRequest{"/p"},
          GetEphemeralsRequest{std::nullopt},
          GetAllChildrenNumberRequest{"/n"},
          WhoAmIRequest{},
          ReconfigRequest{"server.1=a", std::nullopt, "", 5},
          BackupBeginRequest{},
          BackupNextRequest{1000}};
}

struct RequestAndBody {
  OpCode request;
  ReplyBody body;
};

inline std::vector<RequestAndBody> all_replies() {
  const Stat stat = some_stat();
  const MultiReply multi{{{OpCode::create, ErrorCode::ok, CreateReply{"/a"}},
                          {OpCode::create2, ErrorCode::ok, Create2Reply{"/b", stat}},
                          {OpCode::remove, ErrorCode::ok, {}},
                          {OpCode::set_data, ErrorCode::ok, StatReply{stat}},
                          {OpCode::check, ErrorCode::ok, {}}}};
  const MultiReply failed{{{OpCode::error, ErrorCode::ok, {}},
                           {OpCode::error, ErrorCode::no_node, {}},
                           {OpCode::error, ErrorCode::runtime_inconsistency, {}}}};
  const MultiReply reads{{{OpCode::get_data, ErrorCode::ok, GetDataReply{"data", stat}},
                          {OpCode::get_children, ErrorCode::ok, ChildrenReply{{"a", "b"}}},
                          {OpCode::error, ErrorCode::no_auth, {}}}};
  return {{OpCode::create, CreateReply{"/a"}},
          {OpCode::create2, Create2Reply{"/a", stat}},
          {OpCode::create_container, Create2Reply{"/a", stat}},
          {OpCode::create_ttl, Create2Reply{"/a", stat}},
          {OpCode::remove, std::monostate()},
          {OpCode::exists, StatReply{stat}},
          {OpCode::set_data, StatReply{stat}},
          {OpCode::set_acl, StatReply{stat}},
          {OpCode::get_data, GetDataReply{"value", stat}},
          {OpCode::get_data, GetDataReply{"", stat}},
          {OpCode::get_data, GetDataReply{std::nullopt, stat}},
          {OpCode::reconfig, GetDataReply{"config", stat}},
          {OpCode::get_acl, GetAclReply{{{perm::read, {"ip", "10.0.0.1"}}}, stat}},
          {OpCode::get_children, ChildrenReply{{"a", "", "c"}}},
          {OpCode::get_children2, Children2Reply{{}, stat}},
          {OpCode::sync, PathReply{"/s"}},
          {OpCode::sync, PathReply{std::nullopt}},
          {OpCode::multi, multi},
          {OpCode::multi, failed},
          {OpCode::multi, MultiReply{}},
          {OpCode::multi_read, reads},
          {OpCode::sasl, SaslReply{"token"}},
          {OpCode::sasl, SaslReply{std::nullopt}},
          {OpCode::get_ephemerals, EphemeralsReply{{"/e"}}},
          {OpCode::get_all_children_number, CountReply{3}},
          {OpCode::add_watch, ErrorReply{0}},
          {OpCode::who_am_i, WhoAmIReply{{{"ip", "127.0.0.1"}, {"digest", "user"}}}},
          {OpCode::backup_begin, BackupBegunReply{Zxid{9}, Epoch{2}, ~0ULL, "cluster", 5}},
          {OpCode::backup_next, BackupRecordsReply{{"key", "value"}}},
          {OpCode::backup_next, BackupRecordsReply{}},
          {OpCode::ping, std::monostate()},
          {OpCode::close_session, std::monostate()}};
}

}  // namespace muster::wire
