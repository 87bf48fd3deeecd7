// The prober's configuration: what is read, and one tiny bad text for each rule with its exact message.
#include "prober/config.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "io/files.h"
#include "prober/config_keys.h"
#include "tests/support/temp_dir.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Role;
using prober::ProberConfig;

class TextCatalogue final : public prober::CatalogueSource {
 public:
  std::map<std::string, std::string, std::less<>> files = {{"aws.yaml", R"(
provider: aws
regions:
  - {name: us-east-1, city: Ashburn, country: US, partition: overseas, lat: 39.0, lon: -77.5, status: ga, endpoints: [
      {service: object-storage, url: "https://s3.example/", status: [307], sure: sourced},
      {service: kv, url: "https://kv.example/ping", status: [200], sure: sourced}]}
  - {name: cn-north-1, city: Beijing, country: CN, partition: domestic, status: restricted, endpoints: [
      {service: kv, url: "https://kv.cn.example/ping", status: [200], sure: sourced}]}
global:
  - {service: auth, partition: overseas, url: "https://signin.example/", status: [200], method: HEAD, sure: recalled}
)"},
                                                           {"alibaba.yaml", R"(
provider: alibaba
regions:
  - {name: cn-hangzhou, city: Hangzhou, country: CN, partition: domestic, status: ga, endpoints: [
      {service: object-storage, url: "https://oss.example/", status: [403], sure: sourced}]}
global:
  - {service: dns, partition: domestic, url: "dns://ns1.example:53/example.com?type=SOA", rcode: NOERROR}
)"},
                                                           {"controls.yaml", R"(
controls:
  - {name: near, url: "http://near.example/204", status: [204], partition: overseas, operator: X}
  - {name: far, url: "http://far.example/204", status: [204], partition: domestic, operator: Y}
)"},
                                                           {"resolvers.yaml", "resolvers: []\n"},
                                                           {"schema.json", "{}"}};

  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override {
    const auto it = files.find(name);
    return it == files.end() ? std::nullopt : std::optional<std::string_view>{it->second};
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, text] : files) out.push_back(name);
    return out;
  }
};

class Config : public testing::Test {
 protected:
  ProberConfig read(const std::string& yaml) {
    errors_ = {};
    const core::ConfigNode root = core::parse_yaml(yaml, dir_.file("c.yaml"), nullptr, errors_);
    const core::TableReader map{root, prober::kProberTable, errors_};
    return prober::read_prober_config(
        map, {.catalogue = catalogue_, .files = *files_, .host_name = "host-1", .version = "1.2.3"}, errors_);
  }

  /// The one error of a bad text.
  std::string error(const std::string& yaml) {
    (void)read(yaml);
    EXPECT_EQ(errors_.all().size(), 1U) << errors_.to_string();
    if (errors_.empty()) return "";
    // The folder of the test is left away, so that messages can be compared.
    std::string text = core::to_string(errors_.all().front());
    const std::string folder = dir_.file("");
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size());
    return text;
  }

  static const prober::TargetEntry* find(const ProberConfig& c, std::string_view name) {
    for (const auto& t : c.targets) {
      if (t.target.name == name) return &t;
    }
    return nullptr;
  }

  static std::vector<std::string> names(const ProberConfig& c) {
    std::vector<std::string> out;
    for (const auto& t : c.targets) out.push_back(t.target.name);
    return out;
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream{dir_.file(name)} << text; }

  TempDir dir_;
  TextCatalogue catalogue_;
  std::unique_ptr<io::Files> files_ = io::make_system_files();
  core::ConfigErrors errors_;
};

using Names = std::vector<std::string>;

TEST_F(Config, NothingMeansTheWholeCatalogueAndOwnControls) {
  const auto c = read("{}");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(names(c), (Names{"alibaba/cn-hangzhou/object-storage", "alibaba/global-cn/dns",
                             "aws/us-east-1/object-storage", "aws/us-east-1/kv", "aws/global/auth", "control/near"}));
  EXPECT_EQ(c.vantage.name, "host-1");
  EXPECT_EQ(c.vantage.version, "1.2.3");
}

TEST_F(Config, ACatalogueTargetKnowsItsPlaceAndPace) {
  const auto c = read("{}");
  const auto& t = find(c, "aws/us-east-1/kv")->target;
  EXPECT_EQ(t.role, Role::kReference);
  EXPECT_EQ(t.provider + " " + t.region + " " + t.service, "aws us-east-1 kv");
  EXPECT_EQ(t.country + " " + t.city, "US Ashburn");
  EXPECT_EQ(t.partition, core::Partition::kOverseas);
  EXPECT_EQ(t.every, 30s);
  EXPECT_EQ(t.timeout, 5s);
  EXPECT_EQ(find(c, "alibaba/global-cn/dns")->target.check, core::CheckKind::kDns);
}

TEST_F(Config, AVantageTakesItsPlaceFromItsRegion) {
  const auto c = read("vantage: {name: v, provider: alibaba, region: cn-hangzhou, isp: x}\ntargets: []\n");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(c.vantage.partition, core::Partition::kDomestic);
  EXPECT_EQ(c.vantage.city, "Hangzhou");
}

TEST_F(Config, TheCatalogueIsChosenByProviderAndRegion) {
  const auto c =
      read("targets: [{catalogue: [aws], regions: [us-*], per_region: 1, every: 60s, timeout: 2s, controls: false}]");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(names(c), Names{"aws/us-east-1/object-storage"});
  EXPECT_EQ(c.targets[0].target.every, 60s);
}

TEST_F(Config, ARestrictedRegionIsTakenByItsFullNameOnly) {
  EXPECT_EQ(find(read("targets: [{catalogue: [aws], regions: [\"*\"]}]"), "aws/cn-north-1/kv"), nullptr);
  EXPECT_NE(find(read("targets: [{catalogue: [aws], regions: [cn-north-1]}]"), "aws/cn-north-1/kv"), nullptr);
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

TEST_F(Config, TheRegionsOfAnAppAreWatchedEvenWhenNotChosen) {
  const auto c = read(
      "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: aws/us-east-1}]\n"
      "targets: [{catalogue: [alibaba], controls: false}]\n");
  EXPECT_NE(find(c, "aws/us-east-1/kv"), nullptr);
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

TEST_F(Config, AnUnknownRegionNamesTheNearest) {
  EXPECT_EQ(error("apps: [{name: a, url: \"tcp://a:1\", hosted_on: aws/us-esat-1}]\ntargets: []\n"),
            "c.yaml:1:47: no region \"aws/us-esat-1\" is known; did you mean \"aws/us-east-1\"?");
  EXPECT_EQ(error("apps: [{name: a, url: \"tcp://a:1\", depends_on: [aws/us-esat-1/kv]}]\ntargets: []\n"),
            "c.yaml:1:48: no region \"aws/us-esat-1\" is known; did you mean \"aws/us-east-1\"?");
}

TEST_F(Config, ADependencyHasThreeParts) {
  EXPECT_EQ(error("apps: [{name: a, url: \"tcp://a:1\", depends_on: [aws/us-east-1]}]\ntargets: []\n"),
            "c.yaml:1:48: \"aws/us-east-1\" is not PROVIDER/REGION/SERVICE, such as aws/us-east-1/object-storage");
}

TEST_F(Config, AProviderOutsideTheCatalogueNamesTheNearest) {
  EXPECT_EQ(error("targets: [{catalogue: [awz]}]"),
            "c.yaml:1:23: the catalogue has no \"awz\"; did you mean \"aws\"?; it has alibaba, aws");
}

TEST_F(Config, ARegionPatternThatMatchesNothingIsAMistake) {
  EXPECT_EQ(error("targets: [{catalogue: [aws], regions: [us-east-2x]}]"),
            "c.yaml:1:40: \"us-east-2x\" matches no region of the chosen providers; did you mean \"us-east-1\"?");
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

/// The catalogue that is shipped must be readable by what reads it.
class Folder final : public prober::CatalogueSource {
 public:
  Folder() {
    const auto files = io::make_system_files();
    const std::string folder = std::string{SONDE_SOURCE_DIR} + "/targets";
    const auto listed = files->list(folder);
    if (!listed) return;
    for (const std::string& name : *listed) {
      if (auto text = files->read_all(folder + "/" + name, 1 << 20)) texts_[name] = std::move(*text);
    }
  }
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override {
    const auto it = texts_.find(name);
    return it == texts_.end() ? std::nullopt : std::optional<std::string_view>{it->second};
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, text] : texts_) out.push_back(name);
    return out;
  }

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

TEST(ShippedCatalogue, IsReadWithoutAnError) {
  const Folder folder;
  const auto files = io::make_system_files();
  core::ConfigErrors errors;
  const core::ConfigNode root = core::parse_yaml("{}", "c.yaml", nullptr, errors);
  const core::TableReader map{root, prober::kProberTable, errors};
  const ProberConfig c =
      prober::read_prober_config(map, {.catalogue = folder, .files = *files, .host_name = "h"}, errors);
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_GT(c.targets.size(), 300U);
}

}  // namespace
}  // namespace sonde::test
