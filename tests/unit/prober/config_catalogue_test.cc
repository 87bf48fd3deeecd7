// What a configuration takes of the catalogue: its selectors, the default of a vantage, and the catalogue that ships.
#include <algorithm>

#include "prober/catalogue.h"
#include "prober/catalogue_folder.h"
#include "prober/config_places.h"
#include "tests/unit/prober/config_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Language;
using core::Role;
using prober::ProberConfig;
using Names = std::vector<std::string>;

class Choice : public ConfigTest {
 protected:
  /// The names that one item of `targets` takes.
  Names taken(const std::string& item) {
    const auto c = read("targets: [{" + item + "}]");
    EXPECT_TRUE(errors_.empty()) << errors_.to_string();
    return names(c);
  }
};

TEST_F(Choice, IsMadeByProviderAndRegion) {
  const auto c =
      read("targets: [{catalogue: [aws], regions: [us-*], per_region: 1, every: 60s, timeout: 2s, controls: false}]");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(names(c), Names{"aws/us-east-1/object-storage"});
  EXPECT_EQ(c.targets[0].target.every, 60s);
  EXPECT_EQ(c.targets[0].target.timeout, 2s);
}

TEST_F(Choice, TakesTwoReferencesOfARegionAndNoMoreThanAsked) {
  EXPECT_EQ(taken("catalogue: aws, regions: us-east-1, controls: false"),
            (Names{"aws/us-east-1/object-storage", "aws/us-east-1/kv"}));
  EXPECT_EQ(taken("catalogue: aws, regions: us-east-1, per_region: 8, controls: false"),
            (Names{"aws/us-east-1/object-storage", "aws/us-east-1/kv", "aws/us-east-1/compute-api"}));
}

TEST_F(Choice, IsMadeByService) {
  EXPECT_EQ(taken("catalogue: [aws, alibaba], services: [compute-api, object-storage], controls: false"),
            (Names{"aws/us-east-1/object-storage", "aws/us-east-1/compute-api", "alibaba/cn-hangzhou/object-storage"}));
  EXPECT_EQ(taken("catalogue: aws, services: auth, controls: false"), Names{"aws/global/auth"});
}

TEST_F(Choice, IsMadeByPartition) {
  EXPECT_EQ(taken("catalogue: \"*\", partition: domestic, controls: false"),
            (Names{"alibaba/cn-hangzhou/object-storage", "alibaba/global-cn/dns"}));
  EXPECT_EQ(taken("catalogue: \"*\", partition: overseas, per_region: 1, controls: false"),
            (Names{"aws/us-east-1/object-storage", "aws/global/auth"}));
}

TEST_F(Choice, IsMadeByHowSureTheCatalogueIs) {
  EXPECT_EQ(taken("catalogue: aws, sure: sourced, per_region: 8, controls: false"),
            (Names{"aws/us-east-1/object-storage", "aws/us-east-1/kv"}));
  EXPECT_EQ(taken("catalogue: aws, sure: any, per_region: 8, controls: false").size(), 4U);
}

TEST_F(Choice, SelectorsHoldTogether) {
  EXPECT_EQ(taken("catalogue: \"a*\", regions: [cn-*, us-*], services: [object-storage], partition: domestic, "
                  "sure: sourced, per_region: 1, controls: false"),
            Names{"alibaba/cn-hangzhou/object-storage"});
}

TEST_F(Choice, ARestrictedRegionIsTakenByItsFullNameOnly) {
  EXPECT_EQ(find(read("targets: [{catalogue: [aws], regions: [\"*\"]}]"), "aws/cn-north-1/kv"), nullptr);
  EXPECT_NE(find(read("targets: [{catalogue: [aws], regions: [cn-north-1]}]"), "aws/cn-north-1/kv"), nullptr);
}

TEST_F(Choice, ProvidersHaveAliases) {
  EXPECT_EQ(taken("catalogue: [aliyun], regions: [cn-*], controls: false"),
            Names{"alibaba/cn-hangzhou/object-storage"});
  EXPECT_EQ(taken("catalogue: [ali, alibaba], regions: [cn-*], controls: false"),
            Names{"alibaba/cn-hangzhou/object-storage"});
}

TEST_F(Choice, ControlsAreThoseOfTheOwnPartitionAndSpareOnesComeByName) {
  EXPECT_EQ(taken("catalogue: aws, services: auth"), (Names{"aws/global/auth", "control/near", "control/near-2"}));
  EXPECT_EQ(taken("catalogue: aws, services: auth, controls: true"),
            (Names{"aws/global/auth", "control/near", "control/near-2"}));
  EXPECT_EQ(taken("catalogue: aws, services: auth, controls: [\"*-2\", portal, far]"),
            (Names{"aws/global/auth", "control/near-2", "control/portal"}));
  EXPECT_EQ(taken("catalogue: aws, services: auth, controls: \"port*\""), Names{"aws/global/auth"});
}

TEST_F(Choice, ACatalogueTargetKnowsItsPlaceAndPace) {
  const auto c = read("targets: [{catalogue: [aws, alibaba]}]");
  const auto& t = find(c, "aws/us-east-1/kv")->target;
  EXPECT_EQ(t.role, Role::kReference);
  EXPECT_EQ(t.provider + " " + t.region + " " + t.service, "aws us-east-1 kv");
  EXPECT_EQ(t.country + " " + t.city, "US Ashburn");
  EXPECT_EQ(t.partition, core::Partition::kOverseas);
  EXPECT_EQ(t.every, 30s);
  EXPECT_EQ(t.timeout, 5s);
  EXPECT_EQ(find(c, "alibaba/global-cn/dns")->target.check, core::CheckKind::kDns);
}

TEST_F(Choice, AHostThatEndpointsShareIsAskedLessOften) {
  catalogue_.files["shared.yaml"] = R"(
provider: shared
regions:
  - {name: a, partition: overseas, endpoints: [{service: kv, url: "https://one.example/a", status: [200]}]}
  - {name: b, partition: overseas, endpoints: [{service: kv, url: "https://one.example/b", status: [200]}]}
  - {name: c, partition: overseas, endpoints: [{service: kv, url: "https://own.example/", status: [200]}]}
)";
  const auto c = read("targets: [{catalogue: shared, every: 15s}]");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(find(c, "shared/a/kv")->target.every, 20s);
  EXPECT_EQ(find(c, "shared/b/kv")->target.every, 20s);
  EXPECT_EQ(find(c, "shared/c/kv")->target.every, 15s);
}

TEST_F(Choice, WhatAnAppNeedsIsWatchedEvenWhenNotChosen) {
  const auto c = read(
      "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: aws/us-east-1, depends_on: [us-east-1/compute-api]},\n"
      "  {name: b, url: \"tcp://b.example:1\", hosted_on: aws/global}]\n"
      "targets: [{catalogue: [alibaba], controls: false, every: 40s}]\n");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  for (const char* name : {"object-storage", "kv", "compute-api"}) {
    ASSERT_NE(find(c, "aws/us-east-1/" + std::string{name}), nullptr) << name;
  }
  EXPECT_NE(find(c, "aws/global/auth"), nullptr);
  EXPECT_EQ(find(c, "aws/us-east-1/kv")->target.every, 40s);
}

// ---- mistakes ----

struct Mistake {
  const char* yaml;
  const char* en;
  const char* zh;
};

constexpr Mistake kMistakes[] = {
    {"targets: [{catalogue: [awz]}]",
     "c.yaml:1:23: the catalogue has no \"awz\"; did you mean \"aws\"?; it has alibaba, aws",
     "c.yaml:1:23: 目录中没有“awz”；是否想写“aws”？；现有：alibaba, aws"},
    {"targets: [{catalogue: aliyn}]",
     "c.yaml:1:23: the catalogue has no \"aliyn\"; did you mean \"aliyun\"?; it has alibaba, aws",
     "c.yaml:1:23: 目录中没有“aliyn”；是否想写“aliyun”？；现有：alibaba, aws"},
    {"targets: [{catalogue: [aws], regions: [us-east-2x]}]",
     "c.yaml:1:40: \"us-east-2x\" matches no region of the chosen providers; did you mean \"us-east-1\"?",
     "c.yaml:1:40: “us-east-2x”与所选云的任何区域都不匹配；是否想写“us-east-1”？"},
    {"targets: [{catalogue: [aws], services: [objekt-storage]}]",
     "c.yaml:1:41: the catalogue has no service \"objekt-storage\"; did you mean \"object-storage\"?; it has auth, "
     "compute-api, dns, kv, object-storage",
     "c.yaml:1:41: 目录中没有服务“objekt-storage”；是否想写“object-storage”？；现有：auth, compute-api, dns, kv, "
     "object-storage"},
    {"targets: [{catalogue: [aws], controls: [naer]}]",
     "c.yaml:1:41: the catalogue has no control \"naer\"; did you mean \"near\"?",
     "c.yaml:1:41: 目录中没有对照目标“naer”；是否想写“near”？"},
    {"targets: [{catalogue: [aws], sure: maybe}]", "c.yaml:1:36: \"maybe\" is not allowed here; allowed: sourced, any",
     "c.yaml:1:36: 这里不能写“maybe”；可用：sourced, any"},
    {"targets: [{catalogue: [alibaba], services: [kv]}]",
     "c.yaml:1:11: no endpoint of the catalogue suits all of this choice",
     "c.yaml:1:11: 目录中没有端点符合此选择的全部条件"},
    {"targets: [{catalogue: default, regions: [us-east-1]}]",
     "c.yaml:1:11: {catalogue: default} stands alone: write what else you want as an item of its own",
     "c.yaml:1:11: {catalogue: default} 须单独书写：其余内容请另写一项"},
};

TEST_F(Choice, AMistakeIsSaidWithTheNearestNameInBothLanguages) {
  for (const Mistake& m : kMistakes) {
    EXPECT_EQ(error(m.yaml), m.en);
    EXPECT_EQ(error(m.yaml, Language::kChinese), m.zh);
  }
}

TEST_F(Choice, TheMachinesOfOthersAreNotAskedMoreOftenThanEveryTenSeconds) {
  EXPECT_NE(error("targets: [{catalogue: aws, every: 9s}]")
                .find("c.yaml:1:35: expected a duration with its unit from 10s to "),
            std::string::npos);
  EXPECT_NE(find(read("targets: [{catalogue: aws, every: 10s}]"), "aws/us-east-1/kv"), nullptr);
}

// ---- what an app's names mean ----

class Named : public ConfigTest {
 protected:
  void SetUp() override {
    catalogue_.files["huawei.yaml"] = R"(
provider: huawei
aliases: [huaweicloud]
regions:
  - {name: cn-north-1, city: Beijing, country: CN, partition: domestic, status: ga, endpoints: [
      {service: auth, url: "https://iam.example/", status: [200]}]}
)";
  }

  static std::string app(const std::string& keys) {
    return "apps: [{name: a, url: \"tcp://a:1\", " + keys + "}]\ntargets: []\n";
  }
  core::Target read_app(const std::string& keys) {
    const auto c = read(app(keys));
    EXPECT_TRUE(errors_.empty()) << errors_.to_string();
    return c.targets.empty() ? core::Target{} : c.targets.front().target;
  }
};

TEST_F(Named, AnAliasMeansItsProvider) {
  for (const char* provider : {"alibaba", "aliyun", "ali"}) {
    const std::string region = std::string{provider} + "/cn-hangzhou";
    const core::Target t = read_app("hosted_on: " + region + ", depends_on: [" + region + "/object-storage]");
    EXPECT_EQ(t.provider + "/" + t.region, "alibaba/cn-hangzhou");
    EXPECT_EQ(t.depends_on, Names{"alibaba/cn-hangzhou/object-storage"});
    EXPECT_EQ(t.city, "Hangzhou");
  }
  const auto c = read("vantage: {name: v, provider: aliyun, region: cn-hangzhou}\ntargets: []\n");
  EXPECT_EQ(c.vantage.provider, "alibaba");
  EXPECT_EQ(c.vantage.partition, core::Partition::kDomestic);
  const auto own = read(
      "references: [{provider: aliyun, region: cn-hangzhou, service: queue, url: \"https://mns.example/\"}]\n"
      "targets: []\n");
  ASSERT_NE(find(own, "alibaba/cn-hangzhou/queue"), nullptr) << errors_.to_string();
  EXPECT_EQ(find(own, "alibaba/cn-hangzhou/queue")->target.city, "Hangzhou");
}

TEST_F(Named, ARegionAloneIsEnoughWhereOneProviderOnlyHasIt) {
  const core::Target t = read_app("hosted_on: us-east-1, depends_on: [us-east-1/kv, cn-hangzhou/object-storage]");
  EXPECT_EQ(t.provider + "/" + t.region, "aws/us-east-1");
  EXPECT_EQ(t.depends_on, (Names{"aws/us-east-1/kv", "alibaba/cn-hangzhou/object-storage"}));
}

TEST_F(Named, ProviderWideServicesAreTheRegionGlobal) {
  const core::Target t = read_app("hosted_on: aws/global, depends_on: [aws/global/auth, alibaba/global-cn/dns]");
  EXPECT_EQ(t.provider + "/" + t.region, "aws/global");
  EXPECT_EQ(t.partition, core::Partition::kOverseas);
  EXPECT_EQ(t.depends_on.size(), 2U);
}

TEST_F(Named, AReferenceMakesItsRegionAndServiceKnown) {
  const auto c = read(
      "references: [{provider: own, region: cellar, service: queue, url: \"https://q.example/\"},\n"
      "  {provider: aws, region: us-east-1, service: queue, url: \"https://sqs.example/\"}]\n" +
      app("hosted_on: cellar, depends_on: [own/cellar/queue, aws/us-east-1/queue]"));
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(find(c, "a")->target.provider, "own");
}

constexpr Mistake kNameMistakes[] = {
    {"hosted_on: awss/us-east-1", "no provider \"awss\" is known; did you mean \"aws\"?",
     "没有已知的云“awss”；是否想写“aws”？"},
    {"hosted_on: aliyum/cn-hangzhou", "no provider \"aliyum\" is known; did you mean \"aliyun\"?",
     "没有已知的云“aliyum”；是否想写“aliyun”？"},
    {"hosted_on: aws/us-esat-1", "aws has no region \"us-esat-1\"; did you mean \"us-east-1\"?",
     "aws 没有区域“us-esat-1”；是否想写“us-east-1”？"},
    {"hosted_on: aliyun/cn-hangzou", "alibaba has no region \"cn-hangzou\"; did you mean \"cn-hangzhou\"?",
     "alibaba 没有区域“cn-hangzou”；是否想写“cn-hangzhou”？"},
    {"hosted_on: us-esat-1",
     "no region \"us-esat-1\" is known; did you mean \"us-east-1\"?; write PROVIDER/REGION, such as aws/us-east-1",
     "没有已知的区域“us-esat-1”；是否想写“us-east-1”？；请写作 云/区域，例如 aws/us-east-1"},
    {"hosted_on: cn-north-1", "\"cn-north-1\" is a region of aws, huawei: say of which, such as aws/cn-north-1",
     "“cn-north-1”是多个云的区域（aws、huawei）：请写明，例如 aws/cn-north-1"},
    {"hosted_on: a/b/c", "\"a/b/c\" is not PROVIDER/REGION, such as aws/us-east-1",
     "“a/b/c”应写作 云/区域，例如 aws/us-east-1"},
    {"depends_on: [awss/us-east-1/kv]", "no provider \"awss\" is known; did you mean \"aws\"?",
     "没有已知的云“awss”；是否想写“aws”？"},
    {"depends_on: [aws/us-esat-1/kv]", "aws has no region \"us-esat-1\"; did you mean \"us-east-1\"?",
     "aws 没有区域“us-esat-1”；是否想写“us-east-1”？"},
    {"depends_on: [aws/us-east-1/object-store]",
     "aws/us-east-1 has no service \"object-store\"; did you mean \"object-storage\"?; it has compute-api, kv, "
     "object-storage; another one needs a reference of yours",
     "aws/us-east-1 没有服务“object-store”；是否想写“object-storage”？；现有：compute-api, kv, "
     "object-storage；其他服务须自行写入 references"},
    {"depends_on: [us-east-1/kw]",
     "aws/us-east-1 has no service \"kw\"; did you mean \"kv\"?; it has compute-api, kv, object-storage; another one "
     "needs a reference of yours",
     "aws/us-east-1 没有服务“kw”；是否想写“kv”？；现有：compute-api, kv, object-storage；其他服务须自行写入 "
     "references"},
    {"depends_on: [aws/us-east-1]",
     "\"aws/us-east-1\" is not PROVIDER/REGION/SERVICE, such as aws/us-east-1/object-storage",
     "“aws/us-east-1”应写作 云/区域/服务，例如 aws/us-east-1/object-storage"},
    {"depends_on: [cn-north-1/auth]", "\"cn-north-1\" is a region of aws, huawei: say of which, such as aws/cn-north-1",
     "“cn-north-1”是多个云的区域（aws、huawei）：请写明，例如 aws/cn-north-1"},
};

TEST_F(Named, AnUnknownNameIsAnErrorWithTheNearestInBothLanguages) {
  for (const Mistake& m : kNameMistakes) {
    const std::string place = std::string{m.yaml}.starts_with("hosted_on") ? "c.yaml:1:47: " : "c.yaml:1:48: ";
    EXPECT_EQ(error(app(m.yaml)), place + m.en);
    EXPECT_EQ(error(app(m.yaml), Language::kChinese), place + m.zh);
  }
}

// ---- the default ----

class Default : public ConfigTest {
 protected:
  static std::string many_regions(const std::string& provider) {
    std::string yaml = "provider: " + provider + "\nregions:\n";
    for (int i = 0; i < 9; ++i) {
      const std::string name = "r" + std::to_string(i);
      yaml += "  - {name: " + name + ", partition: overseas, endpoints: [\n";
      for (const char* service : {"object-storage", "kv", "auth"}) {
        yaml += "      {service: " + std::string{service} + ", url: \"https://" + service + "." + name + "." +
                provider + ".example/\", status: [200]},\n";
      }
      yaml += "    ]}\n";
    }
    return yaml + "global:\n  - {service: dns, partition: overseas, url: \"https://dns." + provider +
           ".example/\", status: [200]}\n";
  }

  void SetUp() override {
    catalogue_.files["big.yaml"] = many_regions("big");
    catalogue_.files["other.yaml"] = many_regions("other");
  }

  static std::size_t count(const ProberConfig& c, std::string_view start) {
    return static_cast<std::size_t>(
        std::ranges::count_if(c.targets, [start](const auto& t) { return t.target.name.starts_with(start); }));
  }
};

TEST_F(Default, WithoutAppsOneReferenceOfEveryRegionAndTheOwnControls) {
  const auto c = read("{}");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(count(c, "big/"), 10U);
  EXPECT_EQ(count(c, "aws/"), 2U);
  EXPECT_NE(find(c, "alibaba/global-cn/dns"), nullptr);
  EXPECT_EQ(find(c, "aws/cn-north-1/kv"), nullptr) << "restricted";
  EXPECT_EQ(count(c, "control/"), 2U);
  EXPECT_EQ(find(c, "big/r0/object-storage")->target.every, prober::kSurveyEvery);
  EXPECT_EQ(c.vantage.name, "host-1");
  EXPECT_EQ(c.vantage.version, "1.2.3");
}

TEST_F(Default, TheProvidersOfTheAppsWholeOfTheOthersALightSample) {
  const auto c = read(
      "vantage: {name: v, partition: domestic}\n"
      "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: big/r4, depends_on: [big/r5/auth]}]\n");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(count(c, "big/"), 9U * 2U + 1U + 1U)
      << "two a region, the service that the app needs, the provider-wide one";
  EXPECT_EQ(find(c, "big/r0/object-storage")->target.every, 30s);
  EXPECT_EQ(find(c, "big/r5/auth")->target.every, 30s);
  EXPECT_EQ(count(c, "other/"), 3U);
  for (const char* name : {"other/r0/object-storage", "other/r3/object-storage", "other/r6/object-storage"}) {
    ASSERT_NE(find(c, name), nullptr) << name;
    EXPECT_EQ(find(c, name)->target.every, prober::kSampleEvery);
  }
  EXPECT_EQ(count(c, "control/"), 1U);
  EXPECT_NE(find(c, "control/far"), nullptr) << "of the vantage's partition";
}

TEST_F(Default, OneMoreAppOnAnotherProviderTakesThatWholeToo) {
  const auto c = read(
      "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: big/r4},\n"
      "  {name: b, url: \"tcp://b.example:1\", depends_on: [other/r1/kv]}]\n");
  EXPECT_EQ(count(c, "big/"), 19U);
  EXPECT_EQ(count(c, "other/"), 19U);
}

TEST_F(Default, TheRegionOfTheVantageIsWatchedWithTwoReferences) {
  const auto c = read(
      "vantage: {name: v, provider: other, region: r8}\n"
      "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: big/r4}]\n");
  EXPECT_EQ(count(c, "other/r8/"), 2U);
  EXPECT_EQ(find(c, "other/r8/kv")->target.every, 30s);
}

TEST_F(Default, CanBeWrittenBesideOtherTargets) {
  write("t.yaml", "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: big/r4}]\n");
  const auto c = read("targets: [{file: t.yaml}, {catalogue: default}]");
  EXPECT_TRUE(errors_.empty()) << errors_.to_string();
  EXPECT_EQ(count(c, "big/"), 19U);
  EXPECT_EQ(count(c, "other/"), 3U);
}

// ---- the catalogue that is shipped ----

class Shipped : public testing::Test {
 protected:
  ProberConfig read(const std::string& yaml) {
    const core::ConfigNode root = core::parse_yaml(yaml, "c.yaml", nullptr, errors_);
    const core::TableReader map{root, prober::kProberTable, errors_};
    auto c = prober::read_prober_config(map, {.catalogue = *folder_, .files = *files_, .host_name = "h"}, errors_);
    EXPECT_TRUE(errors_.empty()) << errors_.to_string();
    return c;
  }

  /// Runs a second of all that is of the catalogue.
  static double rate(const ProberConfig& c) {
    double out = 0;
    for (const auto& t : c.targets) out += 1 / core::to_seconds(t.target.every);
    return out;
  }

  std::unique_ptr<io::Files> files_ = io::make_system_files();
  std::unique_ptr<prober::CatalogueSource> folder_ =
      prober::open_catalogue(*files_, std::string{SONDE_SOURCE_DIR} + "/targets").value();
  core::ConfigErrors errors_;
};

TEST_F(Shipped, AllOfItIsReadWithoutAnError) {
  const auto c = read("targets: [{catalogue: \"*\", per_region: 8}]");
  EXPECT_GT(c.targets.size(), 750U);
  std::set<std::string> providers;
  for (const auto& t : c.targets) providers.insert(t.target.provider);
  EXPECT_EQ(providers.size(), 26U) << "25, and none for controls";
}

TEST_F(Shipped, TheDefaultCoversEveryOpenRegionPolitely) {
  const auto c = read("{}");
  EXPECT_GT(c.targets.size(), 440U);
  EXPECT_LT(rate(c), 10) << "runs a second";
  std::map<std::string, double> of_host;
  for (const auto& t : c.targets) {
    if (const auto url = core::parse_url(t.target.url)) of_host[url->host] += 1 / core::to_seconds(t.target.every);
  }
  for (const auto& [host, each_second] : of_host) EXPECT_LE(each_second, 0.1001) << host;
}

TEST_F(Shipped, TheDefaultOfAnAppIsItsProviderAndALittleMore) {
  const auto c = read(
      "vantage: {name: v, provider: qcloud, region: ap-guangzhou}\n"
      "apps: [{name: a, url: \"tcp://a.example:1\", hosted_on: aliyun/cn-hangzhou, depends_on: "
      "[us-east-2/compute-api]}]\n");
  EXPECT_EQ(c.vantage.provider, "tencent");
  std::map<std::string, int> of_provider;
  for (const auto& t : c.targets) ++of_provider[t.target.provider];
  EXPECT_GT(of_provider["alibaba"], 50);
  EXPECT_GT(of_provider["aws"], 70);
  EXPECT_EQ(of_provider["azure"], 3);
  EXPECT_LT(rate(c), 7) << "runs a second";
}

TEST_F(Shipped, TheNamesThatPeopleUseAreKnown) {
  core::ConfigErrors errors;
  const prober::Places places{folder_->read(errors)};
  for (const auto& [text, means] : std::map<std::string, std::string>{{"aliyun/cn-hangzhou", "alibaba/cn-hangzhou"},
                                                                      {"ali/cn-hangzhou", "alibaba/cn-hangzhou"},
                                                                      {"qcloud/ap-guangzhou", "tencent/ap-guangzhou"},
                                                                      {"us-east-2", "aws/us-east-2"},
                                                                      {"cn-hangzhou", "alibaba/cn-hangzhou"},
                                                                      {"cf/global", "cloudflare/global"}}) {
    const auto name = places.region(text);
    ASSERT_TRUE(name.has_value()) << name.error().message;
    EXPECT_EQ(name->region_name(), means);
  }
  EXPECT_FALSE(places.region("cn-north-1").has_value()) << "AWS, Huawei, JD Cloud and Qiniu have it";
  EXPECT_FALSE(places.region("us-east-1").has_value()) << "AWS and Alibaba have it";
}

}  // namespace
}  // namespace sonde::test
