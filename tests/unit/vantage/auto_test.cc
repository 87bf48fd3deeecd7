// `vantage: auto` from the file to the running configuration: what was detected, what is written beside it, and a
// reload.
#include <gtest/gtest.h>

#include "cli/config_print.h"
#include "cli/configuration_keeper.h"
#include "io/system_loop.h"
#include "tests/support/run_loop.h"
#include "tests/support/tcp_listener.h"
#include "tests/unit/config/bench.h"
#include "tests/unit/vantage/metadata_server.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using cli::Configuration;
using cli::ConfigurationKeeper;

class Auto : public testing::Test {
 protected:
  /// As at the start of the program (`needed`), or of a verb that only looks.
  std::optional<Configuration> load(const std::string& vantage, bool needed = true,
                                    core::Language language = core::Language::kEnglish) {
    bench_.write("sonde.yaml", vantage + "\ntargets: []\nhub: {}\n");
    said_.clear();
    keeper_ = std::make_unique<ConfigurationKeeper>(
        ConfigurationKeeper::Parts{.loop = *loop_,
                                   .files = *bench_.files,
                                   .catalogue = catalogue(),
                                   .variables = bench_.variables,
                                   .host_name = "host-1",
                                   .state_directory = bench_.directory.file("state"),
                                   .language = language,
                                   .watch = {.quiet = 20ms, .poll = 1h},
                                   .vantage_needed = needed},
        bench_.directory.file("sonde.yaml"),
        [this](ConfigurationKeeper::Tone, const std::string& line) { said_ += line + "\n"; });
    return keeper_->load(10s, nullptr, &bench_.tree);
  }
  [[nodiscard]] std::string at(const std::string& more = "") const {
    return "vantage: {provider: auto, metadata: \"" + server_.address() + "\"" + more + "}";
  }
  static std::string where(const std::optional<Configuration>& c) {
    if (!c) return "nothing";
    const core::Vantage& v = c->prober.vantage;
    return v.provider + "/" + v.region + " " + std::string{name(v.partition)} + " " + v.city;
  }

  std::unique_ptr<io::Loop> loop_ = io::make_system_loop();
  ConfigBench bench_;
  MetadataServer server_{*loop_, aws_metadata("cn-north-1", "cn-north-1b")};
  std::unique_ptr<ConfigurationKeeper> keeper_;
  std::string said_;
};

TEST_F(Auto, TheMetadataServiceSaysWhereItIs) {
  const auto c = load(at());
  EXPECT_EQ(where(c), "aws/cn-north-1 domestic Beijing") << said_;
  EXPECT_EQ(c->prober.vantage.name, "host-1");
  EXPECT_EQ(said_, "vantage: aws/cn-north-1, zone cn-north-1b, told by the metadata service at 169.254.169.254\n");
}

TEST_F(Auto, WhatIsWrittenGoesFirst) {
  EXPECT_EQ(where(load(at(", name: v, region: us-east-1, city: Here"))), "aws/us-east-1 overseas Here") << said_;
  EXPECT_EQ(where(load(at(", partition: overseas"))), "aws/cn-north-1 overseas Beijing") << said_;
}

TEST_F(Auto, NothingDetectedSaysWhatToWrite) {
  const std::string nobody = "127.0.0.1:" + std::to_string(free_tcp_port());
  const std::string vantage = "vantage: {provider: auto, metadata: \"" + nobody + "\"}";
  EXPECT_FALSE(load(vantage).has_value());
  EXPECT_NE(said_.find("sonde.yaml:1:21: vantage is auto, but no metadata service answered within 2s; write provider "
                       "and region, such as {provider: aws, region: us-east-1}, or, on no cloud, partition alone"),
            std::string::npos)
      << said_;
  EXPECT_FALSE(load(vantage, true, core::Language::kChinese).has_value());
  EXPECT_NE(said_.find("vantage 为 auto，但在 2s 内没有元数据服务应答；请写明 provider 和 region"), std::string::npos)
      << said_;
  // A file that is looked at elsewhere is not wrong for that.
  const auto looked_at = load(vantage, false);
  EXPECT_EQ(where(looked_at), "/ overseas ");
  EXPECT_EQ(looked_at->prober.vantage_told.en, "no metadata service answered within 2s");
}

TEST_F(Auto, ARegionThatTheCatalogueDoesNotKnowIsTakenAsTold) {
  MetadataServer newer{*loop_, aws_metadata("ap-south-9", "ap-south-9a")};
  const auto c = load("vantage: {provider: auto, metadata: \"" + newer.address() + "\"}");
  EXPECT_EQ(where(c), "aws/ap-south-9 overseas ");
  EXPECT_NE(said_.find("write partition"), std::string::npos) << said_;
}

TEST_F(Auto, AWrittenRegionIsCheckedAgainstTheDetectedProvider) {
  EXPECT_FALSE(load(at(", region: cn-nort-1")).has_value());
  EXPECT_NE(said_.find("aws has no region \"cn-nort-1\"; did you mean \"cn-north-1\"?"), std::string::npos) << said_;
}

TEST_F(Auto, AWrongAddressIsAMistake) {
  const auto c = bench_.read("vantage: {provider: auto, metadata: metadata.internal}\ntargets: []\n");
  EXPECT_FALSE(c.has_value());
  EXPECT_EQ(bench_.mistakes(core::Language::kEnglish),
            "sonde.yaml:1:37: metadata is ADDRESS or ADDRESS:PORT, such as 169.254.169.254\n");
}

TEST_F(Auto, TheWordAloneIsTheSame) {
  // Nobody is asked here: only what the words mean is looked at.
  const auto c = bench_.read("vantage: auto\ntargets: []\n");
  ASSERT_TRUE(c.has_value()) << bench_.errors.to_string();
  EXPECT_TRUE(c->runs_prober);
  EXPECT_EQ(c->prober.vantage.name, "host-1");
  EXPECT_FALSE(bench_.read("vantage: automatic\ntargets: []\n").has_value());
}

TEST_F(Auto, ThePrintWritesOutWhatWasDetected) {
  const auto c = load(at());
  ASSERT_TRUE(c.has_value()) << said_;
  const std::string printed = cli::print_configuration(bench_.tree, *c, "/");
  EXPECT_TRUE(printed.starts_with("# vantage: auto: aws/cn-north-1, zone cn-north-1b, told by ")) << printed;
  EXPECT_NE(printed.find("  provider: aws\n  region: cn-north-1\n"), std::string::npos) << printed;
  EXPECT_NE(cli::print_configuration(bench_.tree, *c, "/", core::Language::kChinese).find("的元数据服务告知"),
            std::string::npos);
  const auto again = bench_.read(printed);
  EXPECT_EQ(where(again), where(c)) << bench_.errors.to_string();
}

TEST_F(Auto, AReloadDoesNotAskAgain) {
  std::optional<Configuration> running = load(at());
  ASSERT_TRUE(running.has_value()) << said_;
  const int asked = server_.requests;
  int told = 0;
  keeper_->follow(
      [&running](Configuration c) -> core::Result<void> {
        running = std::move(c);
        return {};
      },
      [&told](bool) { ++told; });
  bench_.write("sonde.yaml", at(", isp: ct") + "\ntargets: []\nhub: {}\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&told] { return told == 1; })) << said_;
  EXPECT_EQ(running->prober.vantage.isp, "ct");
  EXPECT_EQ(where(running), "aws/cn-north-1 domestic Beijing");
  EXPECT_EQ(server_.requests, asked);
}

TEST_F(Auto, AReloadThatBringsItAsksAndTakesOverThen) {
  std::optional<Configuration> running = load("vantage: {name: v}");
  ASSERT_TRUE(running.has_value()) << said_;
  int told = 0;
  keeper_->follow(
      [&running](Configuration c) -> core::Result<void> {
        running = std::move(c);
        return {};
      },
      [&told](bool) { ++told; });
  bench_.write("sonde.yaml", at(", name: v") + "\ntargets: []\nhub: {}\n");
  ASSERT_TRUE(run_loop_until(*loop_, [&told] { return told == 1; })) << said_;
  EXPECT_EQ(where(running), "aws/cn-north-1 domestic Beijing") << said_;
  EXPECT_NE(said_.find("asking the metadata services"), std::string::npos) << said_;
}

// ---- regions that are written ----

TEST_F(Auto, AnUnknownRegionOfAKnownProviderIsAMistake) {
  const auto mistakes = [this](const std::string& yaml, core::Language language = core::Language::kEnglish) {
    EXPECT_FALSE(bench_.read(yaml).has_value()) << yaml;
    return bench_.mistakes(language);
  };
  const std::string yaml = "vantage: {name: v, provider: aliyun, region: cn-hangzou}\ntargets: []\n";
  EXPECT_EQ(
      mistakes(yaml),
      "sonde.yaml:1:46: alibaba has no region \"cn-hangzou\"; did you mean \"cn-hangzhou\"?; one that the catalogue "
      "does not have needs a reference of yours, or provider: auto\n");
  EXPECT_EQ(mistakes(yaml, core::Language::kChinese),
            "sonde.yaml:1:46: alibaba 没有区域“cn-hangzou”；是否想写“cn-hangzhou”？；目录中没有的区域须自行写入 "
            "references，或写 provider: auto\n");
}

TEST_F(Auto, RegionsOfOnesOwnAreFine) {
  for (const char* yaml :
       {"vantage: {name: v, provider: my-cellar, region: left-shelf}\ntargets: []\n",
        "vantage: {name: v, provider: aws}\ntargets: []\n", "vantage: {name: v, region: r}\ntargets: []\n",
        "vantage: {name: v, provider: aws, region: new-1}\ntargets: []\n"
        "references: [{provider: aws, region: new-1, service: kv, url: \"https://kv.new-1.example/\"}]\n"}) {
    EXPECT_TRUE(bench_.read(yaml).has_value()) << yaml << bench_.errors.to_string();
  }
}

}  // namespace
}  // namespace sonde::test
