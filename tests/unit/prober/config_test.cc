// The prober's configuration: what is read, and one tiny bad text for each rule with its exact message.
#include "prober/config.h"

#include "tests/unit/prober/config_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Role;
using prober::ProberConfig;

class Config : public ConfigTest {};

using Names = std::vector<std::string>;

TEST_F(Config, AVantageTakesItsPlaceFromItsRegion) {
  const auto c = read("vantage: {name: v, provider: alibaba, region: cn-hangzhou, isp: x}\ntargets: []\n");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(c.vantage.partition, core::Partition::kDomestic);
  EXPECT_EQ(c.vantage.city, "Hangzhou");
}

TEST_F(Config, AnAppIsReadWithItsHosting) {
  const auto c = read(R"(
apps:
  - name: checkout
    url: https://checkout.example/healthz
    hosted_on: aws/us-east-1
    depends_on: [aws/us-east-1/object-storage, alibaba/cn-hangzhou/object-storage]
    expect: {status: 200-299, body: ok, max_duration: 2s, cert_days: 14}
    labels: {team: a}
targets: []
)");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  ASSERT_EQ(c.targets.size(), 1U);
  const auto& t = c.targets[0].target;
  EXPECT_EQ(t.role, Role::kApp);
  EXPECT_EQ(t.app, "checkout");
  EXPECT_EQ(t.provider + "/" + t.region, "aws/us-east-1");
  EXPECT_EQ(t.country, "US");
  EXPECT_EQ(t.depends_on.size(), 2U);
  EXPECT_EQ(t.every, 10s);
  EXPECT_EQ(t.timeout, 5s);
  EXPECT_EQ(t.labels.at("team"), "a");
}

TEST_F(Config, TargetFilesAreFoundBesideTheConfiguration) {
  ASSERT_TRUE(files_->make_directories(dir_.file("targets.d")).has_value());
  write("targets.d/shop.yaml",
        "apps: [{name: shop, url: \"https://shop.example/\", hosted_on: sim/r-1}]\n"
        "references: [{url: \"https://r.example/\", provider: sim, region: r-1, service: kv, country: US}]\n"
        "controls: [{name: c, url: \"http://c.example/\", partition: overseas, expect: {status: 204}}]\n");
  write("targets.d/other.txt", "not: yaml: at all");
  const auto c = read("targets: [{file: targets.d/*.yaml}]");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(names(c), (Names{"sim/r-1/kv", "control/c", "shop"}));
  EXPECT_EQ(find(c, "shop")->target.country, "US");
}

TEST_F(Config, ShortIntervalsShortenTheDefaultTimeout) {
  const auto c = read("apps: [{name: a, url: \"tcp://a.example:1\", every: 2s}]\ntargets: []\n");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(c.targets[0].target.timeout, 1600ms);
}

TEST_F(Config, AUsersOwnReferenceReplacesTheCataloguesOfThatName) {
  const auto c = read(
      "references: [{provider: aws, region: us-east-1, service: kv, url: \"http://own.example/\"}]\n"
      "targets: [{catalogue: [aws]}]\n");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(find(c, "aws/us-east-1/kv")->target.url, "http://own.example/");
}

// ---- one bad text per rule ----

TEST_F(Config, UnknownKeysNameTheNearest) {
  EXPECT_NE(error("vantge: {}\ntargets: []\n").find("unknown key \"vantge\"; did you mean \"vantage\"?"),
            std::string::npos);
  EXPECT_NE(error("vantage: {nam: x}\ntargets: []\n").find("unknown key \"nam\"; did you mean \"name\"?"),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"tcp://a:1\", evry: 3s}]\ntargets: []\n")
                .find("c.yaml:1:36: app: unknown key \"evry\"; did you mean \"every\"?"),
            std::string::npos);
}

TEST_F(Config, TimeoutMustBeShorterThanEvery) {
  EXPECT_EQ(error("apps: [{name: a, url: \"tcp://a:1\", every: 5s, timeout: 5s}]\ntargets: []\n"),
            "c.yaml:1:56: timeout (5s) must be shorter than every (5s)");
}

TEST_F(Config, NamesAreUnique) {
  EXPECT_EQ(error("apps:\n- {name: a, url: \"tcp://a:1\"}\n- {name: a, url: \"tcp://b:1\"}\ntargets: []\n"),
            "c.yaml:3:3: the name \"a\" is used already at c.yaml:2");
}

TEST_F(Config, AnAppNeedsNameAndUrl) {
  EXPECT_EQ(error("apps: [{url: \"tcp://a:1\"}]\ntargets: []\n"), "c.yaml:1:8: app needs \"name\"");
  EXPECT_EQ(error("apps: [{name: a}]\ntargets: []\n"), "c.yaml:1:8: app needs \"url\"");
}

TEST_F(Config, AUrlMustBeOneOfOurs) {
  EXPECT_NE(error("apps: [{name: a, url: \"ftp://a/\"}]\ntargets: []\n").find("c.yaml:1:23: "), std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"https://u:p@a/\"}]\ntargets: []\n").find("c.yaml:1:23: "),
            std::string::npos);
}

TEST_F(Config, ExpectIsReadStrictlyByItsCheck) {
  EXPECT_NE(error("apps: [{name: a, url: \"http://a/\", expect: {status: 700}}]\ntargets: []\n")
                .find("status is 200, 200-299, 2xx, or a list of these (100 to 599)"),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"tcp://a:1\", expect: {status: 200}}]\ntargets: []\n")
                .find("expect: unknown key \"status\""),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"http://a/\", expect: {cert_days: 3}}]\ntargets: []\n")
                .find("cert_days needs an https target"),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"tcp://a:1\", request: {method: GET}}]\ntargets: []\n")
                .find("a tcp check has nothing to choose"),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"http://a/\", request: {method: put}}]\ntargets: []\n")
                .find("a method is a word in capitals"),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"http://a/\", request: {headers: {\"X y\": z}}}]\ntargets: []\n")
                .find("\"X y\" is no header name"),
            std::string::npos);
  EXPECT_NE(error("apps: [{name: a, url: \"dns://127.0.0.1/a?type=ZZ\"}]\ntargets: []\n")
                .find("c.yaml:1:23: ?type=ZZ is no record type"),
            std::string::npos);
}

TEST_F(Config, AddressesAndRangesAreChecked) {
  EXPECT_EQ(error("resolver: dns.example\ntargets: []\n"),
            "c.yaml:1:11: resolver is ADDRESS or ADDRESS:PORT, such as 223.5.5.5 or [2400:3200::1]:53");
  EXPECT_EQ(error("policy: {allow: [10.0.0.0/40]}\ntargets: []\n"),
            "c.yaml:1:17: \"10.0.0.0/40\" is no address range; write 10.0.0.0/8 or fd00::/8");
  EXPECT_EQ(error("vantage: {name: v, source: eth0}\ntargets: []\n"),
            "c.yaml:1:28: source is an IPv4 or IPv6 address of this machine");
}

TEST_F(Config, AControlNeedsItsPartition) {
  EXPECT_EQ(error("controls: [{name: c, url: \"http://c/\"}]\ntargets: []\n"),
            "c.yaml:1:12: control needs \"partition\": it is proof only in its own one");
}

TEST_F(Config, AMissingTargetFileIsAnError) {
  EXPECT_EQ(error("targets: [{file: none.yaml}]"), "c.yaml:1:18: there is no file none.yaml");
}

TEST_F(Config, AnErrorInATargetFileNamesThatFile) {
  write("t.yaml", "apps: [{name: a, url: \"tcp://a:1\", zzz: 1}]\n");
  EXPECT_EQ(error("targets: [{file: t.yaml}]").substr(0, 12), "t.yaml:1:36:");
}

TEST(TargetFromUrl, MakesARunnableTarget) {
  const auto entry = prober::target_from_url("https://example.com/x", 3s);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->target.check, core::CheckKind::kHttp);
  EXPECT_EQ(entry->target.timeout, 3s);
  EXPECT_NE(entry->spec, nullptr);
  EXPECT_FALSE(prober::target_from_url("gopher://x/", 3s).has_value());
  EXPECT_FALSE(prober::target_from_url("dns://127.0.0.1/x?type=ZZ", 3s).has_value());
}

TEST_F(Config, MapsThatACheckHasNoUseForAreErrorsInBothLanguages) {
  EXPECT_EQ(error("targets: []\napps: [{name: a, url: \"tcp://a:1\", request: {method: GET}}]\n"),
            "c.yaml:2:45: request: is for http, https and dns targets; a tcp check has nothing to choose");
  EXPECT_EQ(error("targets: []\napps: [{name: a, url: \"tls://a:1\", request: {}}]\n", core::Language::kChinese),
            "c.yaml:2:45: request：只用于 http、https 和 dns 目标；tls 检查没有可选择的内容");
}

}  // namespace
}  // namespace sonde::test
