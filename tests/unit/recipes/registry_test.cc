#include <muster/recipes/registry.h>

#include <catch2/catch.hpp>

namespace muster::recipes {
namespace {

// As Curator 5's JsonInstanceSerializer writes one whose payload is a map.
constexpr const char* curators =
    R"({"name":"billing","id":"6ba7b810-9dad-11d1-80b4-00c04fd430c8","address":"10.0.0.7","port":8080,"sslPort":null,)"
    R"("payload":{"@class":"java.util.LinkedHashMap","zone":"b\u00fcro","cores":8,"weight":"3"},)"
    R"("registrationTimeUTC":1325129459728,"serviceType":"DYNAMIC","uriSpec":{"parts":[{"value":"http://","variable":false}]},)"
    R"("enabled":false})";

TEST_CASE("an entry of Curator's is read") {
  ServiceInstance expected("billing", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "10.0.0.7", 8080);
  expected.attributes = {{"zone", "b\u00fcro"}, {"cores", "8"}};
  expected.weight = 3;
  expected.registered_ms = 1325129459728;
  expected.enabled = false;
  CHECK(instance_from_json(curators) == expected);
}

TEST_CASE("an entry is written as Curator writes it") {
  ServiceInstance instance("billing", "1", "10.0.0.7", 8080);
  CHECK(to_json(instance) ==
        R"({"name":"billing","id":"1","address":"10.0.0.7","port":8080,"sslPort":null,"payload":null,)"
        R"("registrationTimeUTC":0,"serviceType":"DYNAMIC","uriSpec":null,"enabled":true})");
  instance.attributes = {{"zone", "\"b\""}};
  instance.weight = 0;
  instance.ssl_port = 8443;
  instance.registered_ms = 7;
  CHECK(instance_from_json(to_json(instance)) == instance);
}

TEST_CASE("what is no instance is none, and what is missing has a default") {
  CHECK(instance_from_json("") == std::nullopt);
  CHECK(instance_from_json("[]") == std::nullopt);
  CHECK(instance_from_json(R"({"name":"a"})") == std::nullopt);
  CHECK(instance_from_json(R"({"name":"a","id":1})") == std::nullopt);
  CHECK(instance_from_json(R"({"name":"a","id":"b"})") == ServiceInstance("a", "b"));
  ServiceInstance other("a", "b");
  other.attributes = {{"payload", "text"}};
  CHECK(instance_from_json(R"({"name":"a","id":"b","address":null,"port":99999,"payload":"text"})") == other);
  CHECK(instance_from_json(R"({"name":"a","id":"b","payload":{"weight":"-1"}})")->weight == 1);
}

TEST_CASE("each is picked as often as its weight says") {
  Instances instances;
  const auto add = [&](const std::string& id, std::uint32_t weight, bool enabled) {
    instances.all.emplace_back("service", id).weight = weight;
    instances.all.back().enabled = enabled;
  };
  std::mt19937 random(1);
  CHECK(instances.pick(random) == nullptr);
  add("drained", 0, true);
  add("off", 100, false);
  CHECK(instances.pick(random) == nullptr);
  add("one", 1, true);
  add("three", 3, true);
  std::map<std::string, int> picked;
  for (int i = 0; i < 4000; ++i) ++picked[instances.pick(random)->id];
  CHECK(picked.size() == 2);
  CHECK(picked["one"] > 850);
  CHECK(picked["one"] < 1150);
}

}  // namespace
}  // namespace muster::recipes
