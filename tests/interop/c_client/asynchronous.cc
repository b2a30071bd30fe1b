// zoo_acreate, zoo_aget, …: the calls that only send. The library hands completions and events over in the order of the server.
#include <memory>

#include "session.h"
#include "verbs.h"

namespace muster::c_client {
namespace {

void said(int rc, const char* verb) {
  if (rc != ZOK) say(std::string(verb) + " was not sent: " + error_text(rc));
}

void on_string(int rc, const char* value, const void* verb) {
  say(std::string(static_cast<const char*>(verb)) + " " + (rc == ZOK ? value : error_text(rc)));
}

void on_stat(int rc, const Stat* stat, const void* verb) {
  say(std::string(static_cast<const char*>(verb)) + " " + (rc == ZOK ? stat_text(*stat) : error_text(rc)));
}

void on_data(int rc, const char* value, int length, const Stat* stat, const void*) {
  if (rc != ZOK) return say("aget " + error_text(rc));
  say("aget " + std::string(value, static_cast<std::size_t>(length)) + ": " + stat_text(*stat));
}

void on_names(int rc, const String_vector* names, const void*) {
  say("als " + (rc == ZOK ? std::to_string(names->count) + " children" : error_text(rc)));
}

void on_void(int rc, const void* verb) {
  say(std::string(static_cast<const char*>(verb)) + " " + error_text(rc));
}

void create(Arguments& arguments) {  // acreate PATH DATA
  const std::string path = arguments.word(), data = arguments.word();
  said(zoo_acreate(handle(), path.c_str(), data.data(), static_cast<int>(data.size()), &ZOO_OPEN_ACL_UNSAFE,
                   0, on_string, "acreate"),
       "acreate");
}

void get(Arguments& arguments) {  // aget PATH
  said(zoo_awget(handle(), arguments.word().c_str(), nullptr, nullptr, on_data, nullptr), "aget");
}

void exists(Arguments& arguments) {  // aexists PATH
  said(zoo_awexists(handle(), arguments.word().c_str(), nullptr, nullptr, on_stat, "aexists"), "aexists");
}

void list(Arguments& arguments) {  // als PATH
  said(zoo_awget_children(handle(), arguments.word().c_str(), nullptr, nullptr, on_names, nullptr), "als");
}

void set(Arguments& arguments) {  // aset PATH DATA [VERSION]
  const std::string path = arguments.word(), data = arguments.word();
  said(zoo_aset(handle(), path.c_str(), data.data(), static_cast<int>(data.size()), arguments.number(-1),
                on_stat, "aset"),
       "aset");
}

void remove(Arguments& arguments) {  // adelete PATH [VERSION]
  const std::string path = arguments.word();
  said(zoo_adelete(handle(), path.c_str(), arguments.number(-1), on_void, "adelete"), "adelete");
}

void sync(Arguments& arguments) {  // sync PATH
  said(zoo_async(handle(), arguments.word().c_str(), on_string, "sync"), "sync");
}

void echo(Arguments& arguments) {  // echo WORD: says it when the server has answered all that was sent
  const auto on_reply = [](int, const char*, const void* word) {
    const std::unique_ptr<const std::string> owned(static_cast<const std::string*>(word));
    say(*owned);
  };
  auto word = std::make_unique<std::string>(arguments.word());
  if (zoo_async(handle(), "/", on_reply, word.get()) != ZOK) return say(*word);
  word.release();  // NOLINT(bugprone-unused-return-value): the completion owns it
}

// What a burst has seen. Completions come on one thread.
struct Burst {
  int wanted = 0, seen = 0, in_order = 0;

  void next(int rc, int version_is) {
    in_order += rc == ZOK && version_is == ++seen;
    if (seen == wanted)
      say("burst " + std::to_string(in_order) + " of " + std::to_string(wanted) + " in order");
  }
};

void burst(
    Arguments&
        arguments) {  // burst PATH N: N sets and as many gets in flight at once, of a node whose version is 0
  static std::unique_ptr<Burst> sets, gets;
  const std::string path = arguments.word();
  const int count = arguments.number(1);
  sets = std::make_unique<Burst>();
  gets = std::make_unique<Burst>();
  sets->wanted = gets->wanted = count;
  for (int i = 0; i < count; ++i) {
    said(zoo_aset(
             handle(), path.c_str(), "x", 1, i,
             [](int rc, const Stat* stat, const void*) { sets->next(rc, rc == ZOK ? stat->version : 0); },
             nullptr),
         "aset");
    said(zoo_aget(
             handle(), path.c_str(), 0,
             [](int rc, const char*, int, const Stat* stat, const void*) {
               gets->next(rc, rc == ZOK ? stat->version : 0);
             },
             nullptr),
         "aget");
  }
}

}  // namespace

Verbs asynchronous_verbs() {
  return {{"acreate", create}, {"aget", get},  {"aexists", exists}, {"als", list},   {"aset", set},
          {"adelete", remove}, {"sync", sync}, {"echo", echo},      {"burst", burst}};
}

}  // namespace muster::c_client
