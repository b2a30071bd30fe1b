#include "client/bench/sources.h"

#include <cstdint>
#include <vector>

#include "common/check.h"
#include "common/random.h"

namespace muster::bench {
namespace {

wire::SetDataRequest setting(const std::string& path, std::size_t size) {
  return {path, std::string(size, 'x'), -1};
}

// One request on one random key, or one of two of which `reads` per cent are the first.
class Keys : public Source {
 public:
  Keys(const wire::Request& read, const wire::Request& write, int reads, std::size_t keys, std::uint64_t seed)
      : read_(read), write_(write), reads_(static_cast<std::uint64_t>(reads)), keys_(keys), random_(seed) {}

  void send(Connection& connection, Time due) override {
    const bool reads = reads_ == 100 || (reads_ > 0 && random_.chance(reads_, 100));
    connection.send(reads ? read_ : write_, random_.below(keys_), {due, reads ? Kind::read : Kind::write});
  }

 private:
  Prepared read_, write_;
  std::uint64_t reads_;
  std::size_t keys_;
  Random random_;
};

// Sequential znodes, in a folder of each connection's own that is left for a new one when it is full: no list of children gets
// long.
class Creates : public Source {
 public:
  Creates(const Znodes& znodes, const Options& options, std::size_t loop)
      : create_(creation(znodes.folder() + "/n-", std::string(options.size, 'x'),
                         wire::create_flags::sequential)),
        folder_(creation(znodes.folder(), {}, wire::create_flags::persistent)),
        next_(loop),
        step_(options.threads) {}

  void send(Connection& connection, Time due) override {
    if (connection.index() >= places_.size()) places_.resize(connection.index() + 1);
    Place& place = places_[connection.index()];
    if (place.left == 0) {
      place = {next_, folder_size};
      next_ += step_;
      connection.send(folder_, place.folder, {due, Kind::chore});
    }
    --place.left;
    connection.send(create_, place.folder, {due, Kind::write});
  }
  void lost(const Connection& connection) override {
    if (connection.index() < places_.size()) places_[connection.index()] = {};
  }

 private:
  static constexpr std::size_t folder_size = 10'000;
  struct Place {
    std::uint64_t folder = 0;
    std::size_t left = 0;
  };
  Prepared create_, folder_;
  std::uint64_t next_, step_;
  std::vector<Place> places_;
};

// Creates an ephemeral znode and deletes it, again and again; a session's requests are done in order.
class Ephemerals : public Source {
 public:
  Ephemerals(const Znodes& znodes, const Options& options, std::size_t loop)
      : create_(creation(path(znodes), std::string(options.size, 'x'), wire::create_flags::ephemeral)),
        delete_(wire::DeleteRequest{path(znodes), -1}),
        next_(loop),
        step_(options.threads) {}

  void send(Connection& connection, Time due) override {
    if (connection.index() >= places_.size()) places_.resize(connection.index() + 1);
    Place& place = places_[connection.index()];
    if (!place.named) {
      place = {true, false, next_};
      next_ += step_;
    }
    connection.send(place.exists ? delete_ : create_, place.number, {due, Kind::write});
    place.exists = !place.exists;
  }
  // Its znode lives as long as the session that was left behind: the next one takes another name.
  void lost(const Connection& connection) override {
    if (connection.index() < places_.size()) places_[connection.index()] = {};
  }

 private:
  struct Place {
    bool named = false, exists = false;
    std::uint64_t number = 0;
  };
  static std::string path(const Znodes& znodes) {
    return fill(znodes.folder(), 0) + "/e" + std::string(Prepared::mark);
  }

  Prepared create_, delete_;
  std::uint64_t next_, step_;
  std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<Source> make_source(const Options& options, const Znodes& znodes, std::size_t loop) {
  const std::string key = znodes.key();
  const wire::Request set = setting(key, options.size);
  const auto keys = [&](const wire::Request& read, const wire::Request& write, int reads) {
    return std::make_unique<Keys>(read, write, reads, options.keys, loop);
  };
  switch (options.workload) {
    case Workload::create:
      return std::make_unique<Creates>(znodes, options, loop);
    case Workload::set:
      return keys(set, set, 0);
    case Workload::get:
      return keys(wire::GetDataRequest{key, false}, set, 100);
    case Workload::exists:
      return keys(wire::ExistsRequest{key, false}, set, 100);
    case Workload::mixed:
      return keys(wire::GetDataRequest{key, false}, set, options.reads);
    case Workload::multi:
      return keys(set,
                  wire::MultiRequest{{wire::CheckVersionRequest{key, -1}, setting(key, options.size),
                                      setting(key, options.size)}},
                  0);
    case Workload::ephemeral:
      return std::make_unique<Ephemerals>(znodes, options, loop);
    case Workload::watch:
    case Workload::sessions:
      break;
  }
  CHECK(false, "watch and sessions are no steady workloads");
}

}  // namespace muster::bench
