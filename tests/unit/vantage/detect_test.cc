// Detection against servers that play each metadata service, and against everything that only looks like one.
#include "prober/vantage_detect.h"

#include <gtest/gtest.h>

#include <set>

#include "io/system_loop.h"
#include "prober/detection_words.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_loop.h"
#include "tests/support/sim_loop.h"
#include "tests/support/tcp_listener.h"
#include "tests/unit/config/bench.h"
#include "tests/unit/vantage/metadata_server.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using prober::VantageDetection;
using Kind = prober::MetadataFinding::Kind;

const prober::Catalogue& clouds() {
  core::ConfigErrors errors;
  return catalogue().read(errors);
}

class Detect : public testing::Test {
 protected:
  VantageDetection ask(const std::string& address, io::Duration timeout = 5s) {
    const auto http = io::make_http_client(*loop_);
    std::optional<VantageDetection> out;
    const io::Handle asking = prober::detect_vantage(
        *loop_, *http, clouds(), {.timeout = timeout, .grace = 5s, .address = address, .version = "1.2.3"},
        [&out](VantageDetection d) { out = std::move(d); });
    EXPECT_FALSE(out.has_value()) << "called from inside";
    EXPECT_TRUE(run_loop_until(*loop_, [&out] { return out.has_value(); }));
    return out.value_or(VantageDetection{});
  }

  static std::string words(const VantageDetection& d) {
    return d.place() == nullptr ? prober::why_unknown(d, 2s).en : prober::words_of(*d.place()).en;
  }

  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
};

struct Played {
  std::string service;
  std::vector<MetadataRoute> routes;
  std::string expected;
  std::string city;
};

std::vector<MetadataRoute> texts(std::vector<std::pair<std::string, std::string>> answers,
                                 const std::vector<std::pair<std::string, std::string>>& required = {},
                                 const std::string& query = "") {
  std::vector<MetadataRoute> out;
  for (auto& [path, body] : answers) out.push_back({"GET", path, required, body, query});
  return out;
}

/// What each service answers, as its documents show it.
std::vector<Played> all_services() {
  std::vector<Played> out = {
      {"aws", aws_metadata("us-east-1", "us-east-1d"), "aws/us-east-1, zone us-east-1d", "Ashburn"},
      {"azure",
       texts({{"/metadata/instance/compute/location", "chinaeast2"}, {"/metadata/instance/compute/zone", ""}},
             {{"metadata", "true"}}, "api-version=2021-02-01"),
       "azure/chinaeast2", "Shanghai"},
      {"google",
       texts({{"/computeMetadata/v1/instance/zone", "projects/739488123/zones/europe-west10-a"}},
             {{"metadata-flavor", "Google"}}),
       "gcp/europe-west10, zone europe-west10-a", "Berlin"},
      {"alibaba", {}, "alibaba/cn-hangzhou, zone cn-hangzhou-i", "Hangzhou"},
      {"tencent",
       texts({{"/latest/meta-data/placement/region", "ap-guangzhou"},
              {"/latest/meta-data/placement/zone", "ap-guangzhou-3"}}),
       "tencent/ap-guangzhou, zone ap-guangzhou-3", "Guangzhou"},
      {"openstack", openstack_metadata(R"("availability_zone": "cn-north-4a", "region_id": "cn-north-4")"),
       "huawei/cn-north-4, zone cn-north-4a", "Beijing"},
      {"oracle",
       texts({{"/opc/v2/instance/canonicalRegionName", "us-phoenix-1"}, {"/opc/v2/instance/ociAdName", "phx-ad-2"}},
             {{"authorization", "Bearer Oracle"}}),
       "oracle/us-phoenix-1, zone phx-ad-2", "Phoenix"},
      {"ibm", {}, "ibm/us-south, zone us-south-2", "Dallas"},
      {"digitalocean", texts({{"/metadata/v1/region", "nyc3"}}), "digitalocean/nyc3", "New York"},
      {"hetzner", texts({{"/hetzner/v1/metadata/availability-zone", "hel1-dc2\n"}}), "hetzner/hel1, zone hel1-dc2",
       "Helsinki"},
      {"vultr", texts({{"/v1.json", R"({"hostname":"x","region":{"regioncode":"EWR","countrycode":"US"}})"}}),
       "vultr/ewr", "Newark"},
      {"linode", {}, "linode/us-ord", "Chicago"},
      {"scaleway",
       texts({{"/conf", R"({"id":"x","location":{"zone_id":"par1"},"zone":"fr-par-1"})"}}, {}, "format=json"),
       "scaleway/fr-par, zone fr-par-1", "Paris"},
      {"volcengine", texts({{"/latest/region_id", "cn-beijing"}, {"/latest/availability_zone", "cn-beijing-a"}}),
       "volcengine/cn-beijing, zone cn-beijing-a", "Beijing"},
      {"baidu", texts({{"/1.0/meta-data/region", "bj"}, {"/1.0/meta-data/azone", "zoneA"}}), "baidu/bj, zone zonea",
       "Beijing"},
      {"ucloud", texts({{"/meta-data/latest/uhost/region", "cn-bj2"}, {"/meta-data/latest/uhost/zone", "cn-bj2-05"}}),
       "ucloud/cn-bj2, zone cn-bj2-05", "Beijing"},
      {"jdcloud",
       texts({{"/jcs-metadata/latest/placement/region", "\"cn-north-1\""},
              {"/jcs-metadata/latest/placement/availability-zone", "\"cn-north-1c\""}},
             {{"metadata-flavor", "JCS"}}),
       "jdcloud/cn-north-1, zone cn-north-1c", "Beijing"}};
  const auto routes_of = [&out](std::string_view service) -> std::vector<MetadataRoute>& {
    return std::ranges::find(out, service, &Played::service)->routes;
  };
  routes_of("alibaba") =
      texts({{"/latest/meta-data/region-id", "cn-hangzhou"}, {"/latest/meta-data/zone-id", "cn-hangzhou-i"}},
            {{"x-aliyun-ecs-metadata-token", "ali-token"}});
  routes_of("alibaba").push_back(
      {"PUT", "/latest/api/token", {{"x-aliyun-ecs-metadata-token-ttl-seconds", "60"}}, "ali-token"});
  routes_of("ibm") = texts({{"/metadata/v1/instance", R"({"name":"x","zone":{"name":"us-south-2"}})"}},
                           {{"authorization", "Bearer ey.ibm"}}, "version=2022-03-01");
  routes_of("ibm").push_back({"PUT",
                              "/instance_identity/v1/token",
                              {{"metadata-flavor", "ibm"}},
                              R"({"access_token":"ey.ibm","expires_in":300})"});
  routes_of("linode") =
      texts({{"/v1/instance", R"({"id":1,"region":"us-ord"})"}}, {{"metadata-token", "linode-token"}});
  routes_of("linode").push_back({"PUT", "/v1/token", {{"metadata-token-expiry-seconds", "60"}}, R"(["linode-token"])"});
  return out;
}

TEST_F(Detect, EveryServiceOfTheTableIsPlayedHere) {
  std::set<std::string, std::less<>> played;
  for (const Played& p : all_services()) played.insert(p.service);
  for (const prober::MetadataService& s : prober::metadata_services()) {
    EXPECT_TRUE(played.contains(s.name)) << s.name;
    for (const std::string_view provider : s.providers) EXPECT_NE(clouds().find(provider), nullptr) << provider;
  }
  EXPECT_EQ(played.size(), prober::metadata_services().size());
}

TEST_F(Detect, EachServiceTellsWhereItIs) {
  for (const Played& p : all_services()) {
    SCOPED_TRACE(p.service);
    MetadataServer server{*loop_, p.routes};
    const VantageDetection d = ask(server.address());
    EXPECT_EQ(words(d), p.expected);
    ASSERT_NE(d.place(), nullptr);
    ASSERT_TRUE(d.place()->place.has_value());
    EXPECT_EQ(d.place()->place->city, p.city);
    EXPECT_TRUE(d.place()->place->lat.has_value());
    EXPECT_EQ(d.findings[*d.found].service->name, p.service);
    EXPECT_EQ(server.user_agent, "sonde/1.2.3 (vantage detection)");
  }
}

TEST_F(Detect, YandexAnswersInGooglesForm) {
  MetadataServer server{*loop_, texts({{"/computeMetadata/v1/instance/zone", "projects/b1g/zones/ru-central1-b"}},
                                      {{"metadata-flavor", "Google"}})};
  EXPECT_EQ(words(ask(server.address())), "yandex/ru-central1, zone ru-central1-b");
}

TEST_F(Detect, MainlandChinaIsItsOwnPartition) {
  MetadataServer server{*loop_, aws_metadata("cn-north-1", "cn-north-1a")};
  const VantageDetection d = ask(server.address());
  ASSERT_NE(d.place(), nullptr);
  EXPECT_EQ(d.place()->place->partition, core::Partition::kDomestic);
}

TEST_F(Detect, ARegionThatIsNewerThanTheCatalogueIsNamedAndHasNoPlace) {
  MetadataServer server{*loop_, aws_metadata("ap-south-9", "ap-south-9a")};
  const VantageDetection d = ask(server.address());
  EXPECT_EQ(words(d), "aws/ap-south-9, zone ap-south-9a");
  ASSERT_NE(d.place(), nullptr);
  EXPECT_FALSE(d.place()->place.has_value());
}

TEST_F(Detect, AnOpenStackOfSomebodyIsNoPlace) {
  MetadataServer server{*loop_, openstack_metadata(R"("availability_zone": "nova")")};
  const VantageDetection d = ask(server.address());
  EXPECT_EQ(d.place(), nullptr);
  EXPECT_EQ(words(d), "the metadata service of an OpenStack answers, but does not tell whose cloud it is");
}

TEST_F(Detect, ACloudThatAlsoAnswersAsAnOpenStackIsItself) {
  MetadataServer server{*loop_, openstack_metadata(R"("availability_zone": "x", "region_id": "cn-north-4")")};
  server.play(aws_metadata("eu-west-1", "eu-west-1b"));
  EXPECT_EQ(words(ask(server.address())), "aws/eu-west-1, zone eu-west-1b");
}

TEST_F(Detect, TwoCloudsAtOnceAreNone) {
  MetadataServer server{*loop_, aws_metadata("us-east-1", "us-east-1d")};
  server.play(texts({{"/metadata/v1/region", "nyc3"}}));
  const VantageDetection d = ask(server.address());
  EXPECT_EQ(d.place(), nullptr);
  EXPECT_TRUE(d.contradictory);
  EXPECT_NE(words(d).find("aws/us-east-1, digitalocean/nyc3"), std::string::npos) << words(d);
}

TEST_F(Detect, ACaptivePortalIsNoCloud) {
  MetadataServer server{*loop_};
  server.to_everything = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>Log in</body></html>";
  const VantageDetection d = ask(server.address());
  EXPECT_EQ(d.place(), nullptr);
  EXPECT_NE(words(d).find("captive portal"), std::string::npos) << words(d);
  for (const auto& f : d.findings) EXPECT_EQ(f.kind, Kind::kStrange) << f.service->name;
}

TEST_F(Detect, WhoeverSaysTheSameToEverythingIsNotBelieved) {
  for (const std::string_view text :
       {"nyc3", "ok", R"({"region":"us-east-1","zone":"fr-par-1","region_id":"cn-north-4"})"}) {
    MetadataServer server{*loop_};
    server.to_everything = text;
    const VantageDetection d = ask(server.address());
    EXPECT_EQ(d.place(), nullptr) << text << ": " << words(d);
  }
}

TEST_F(Detect, ARedirectIsNotFollowed) {
  MetadataServer other{*loop_, aws_metadata("us-east-1", "us-east-1d")};
  MetadataServer server{*loop_};
  server.to_everything = "moved";
  server.status_of_everything = 302;
  server.location = "http://" + other.address() + "/latest/dynamic/instance-identity/document";
  const VantageDetection d = ask(server.address());
  EXPECT_EQ(d.place(), nullptr);
  EXPECT_EQ(other.requests, 0);
  EXPECT_NE(words(d).find("refuses every question"), std::string::npos) << words(d);
}

TEST_F(Detect, AProxyOfTheEnvironmentIsNotUsed) {
  MetadataServer proxy{*loop_};
  proxy.to_everything = "us-east-1";
  MetadataServer server{*loop_, texts({{"/metadata/v1/region", "nyc3"}})};
  ASSERT_EQ(setenv("http_proxy", ("http://" + proxy.address()).c_str(), 1), 0);
  const VantageDetection d = ask(server.address());
  unsetenv("http_proxy");
  EXPECT_EQ(words(d), "digitalocean/nyc3");
  EXPECT_EQ(proxy.requests, 0);
}

TEST_F(Detect, GarbageAndBrokenAnswersAreNothing) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const std::string& bytes :
       {std::string{"\x16\x03\x01 garbage \xff\xfe"}, ok + "Content-Length: 9\r\n\r\nus-\x1b[2Jx",
        ok + "Content-Length: 400\r\n\r\n{\"region\":", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        ok + "Content-Length: 3\r\n\r\n\xff\xfe\xfd", std::string{"HTTP/1.1 200 OK"}}) {
    RawServer server{*loop_, {.bytes = bytes}};
    const VantageDetection d = ask("127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(d.place(), nullptr) << bytes;
  }
}

TEST_F(Detect, AnAnswerWithoutEndIsCutOff) {
  RawServer body{*loop_,
                 {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", .repeat = std::string(4096, 'a')}};
  const VantageDetection d = ask("127.0.0.1:" + std::to_string(body.port()));
  EXPECT_EQ(d.place(), nullptr);
  EXPECT_TRUE(std::ranges::any_of(d.findings, [](const auto& f) { return f.kind == Kind::kStrange; }));
  RawServer head{*loop_, {.bytes = "HTTP/1.1 200 OK\r\n", .repeat = "X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"}};
  EXPECT_EQ(ask("127.0.0.1:" + std::to_string(head.port())).place(), nullptr);
}

TEST_F(Detect, NobodyThereIsSilence) {
  const VantageDetection refused = ask("127.0.0.1:" + std::to_string(free_tcp_port()));
  EXPECT_EQ(words(refused), "no metadata service answered within 2s");
  for (const auto& f : refused.findings) EXPECT_EQ(f.kind, Kind::kSilent);
  RawServer silent{*loop_, {.bytes = "", .end = RawScript::End::kHold, .wait_for = "never"}};
  EXPECT_EQ(words(ask("127.0.0.1:" + std::to_string(silent.port()), 100ms)), "no metadata service answered within 2s");
}

TEST_F(Detect, WordsExistInBothLanguages) {
  const VantageDetection nothing = ask("127.0.0.1:" + std::to_string(free_tcp_port()));
  EXPECT_EQ(prober::why_unknown(nothing, 2s).zh, "在 2s 内没有元数据服务应答");
  MetadataServer server{*loop_, aws_metadata("us-east-1", "us-east-1d")};
  EXPECT_EQ(prober::words_of(*ask(server.address()).place()).zh, "aws/us-east-1，可用区 us-east-1d");
}

// ---- time, on a simulated clock ----

TEST(DetectTime, NobodyIsWaitedForLongerThanTheTimeout) {
  SimLoop loop;
  FakeHttpClient http{loop};
  for (int i = 0; i < 100; ++i) http.push_silence();
  std::optional<VantageDetection> out;
  const auto started = loop.now();
  const io::Handle asking = prober::detect_vantage(loop, http, clouds(), {.version = "1"},
                                                   [&out](VantageDetection d) { out = std::move(d); });
  ASSERT_TRUE(run_loop_until(
      loop, [&out] { return out.has_value(); }, 1min));
  EXPECT_LE(loop.now() - started, 2001ms);
  EXPECT_EQ(out->place(), nullptr);
  EXPECT_EQ(out->took, 2s);
  EXPECT_EQ(http.in_flight(), 0);
}

TEST(DetectTime, OnceAPlaceIsKnownTheOthersGetAGrace) {
  SimLoop loop;
  FakeHttpClient http{loop};
  http.answer_with([](const FakeHttpClient::Seen& seen) {
    return FakeHttpClient::status(seen.url.ends_with("/document") ? 200 : 404, R"({"region": "us-east-1"})");
  });
  // Everybody's first request hangs but that of AWS, which comes first.
  http.push(FakeHttpClient::status(200, "token"));
  for (int i = 0; i < 23; ++i) http.push_silence();
  std::optional<VantageDetection> out;
  const io::Handle asking = prober::detect_vantage(loop, http, clouds(), {.version = "1"},
                                                   [&out](VantageDetection d) { out = std::move(d); });
  ASSERT_TRUE(run_loop_until(
      loop, [&out] { return out.has_value(); }, 1min));
  ASSERT_NE(out->place(), nullptr);
  EXPECT_EQ(out->place()->region, "us-east-1");
  EXPECT_EQ(out->took, 300ms);
}

TEST(DetectTime, DestroyingTheHandleCancels) {
  SimLoop loop;
  FakeHttpClient http{loop};
  bool called = false;
  io::Handle asking =
      prober::detect_vantage(loop, http, clouds(), {.version = "1"}, [&called](VantageDetection) { called = true; });
  asking.reset();
  EXPECT_TRUE(loop.run_until_idle());
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sonde::test
