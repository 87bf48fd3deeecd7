// The JSON Schema against a validator that is not ours, and against our own reader: both must think alike of unknown
// keys and of values of a wrong kind.
#include "cli/config_schema.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/config/bench.h"

namespace sonde::test {
namespace {

/// The fenced YAML blocks of a Markdown file.
std::vector<std::string> yaml_blocks(const std::string& path) {
  std::ifstream file{path};
  std::vector<std::string> out;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```yaml") {
      inside = true;
      out.emplace_back();
    } else if (line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      out.back() += line + "\n";
    }
  }
  return out;
}

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class ConfigSchema : public testing::Test {
 protected:
  /// What the validator says of each text, in order: true = accepted. `said` keeps its words.
  std::vector<bool> validate(const std::vector<std::string>& texts) {
    bench_.write("schema.json", cli::config_schema(cli::SchemaOf::kConfiguration, core::Language::kEnglish));
    std::string command = std::string{SONDE_PYTHON} + " " + SONDE_SOURCE_DIR + "/tests/unit/config/validate.py " +
                          bench_.directory.file("schema.json");
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::string name = "case-" + std::to_string(i) + ".yaml";
      bench_.write(name, texts[i]);
      command += " " + bench_.directory.file(name);
    }
    std::vector<bool> out;
    FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) {
      said_ += line.data();
      out.push_back(std::string_view{line.data()}.starts_with("accepted "));
    }
    EXPECT_EQ(::pclose(pipe), 0) << said_;
    EXPECT_EQ(out.size(), texts.size()) << said_;
    return out;
  }

  ConfigBench bench_;
  std::string said_;
};

TEST_F(ConfigSchema, AcceptsWhatIsShipped) {
  const std::string source = SONDE_SOURCE_DIR;
  std::vector<std::string> texts = {text_of(source + "/deploy/sonde.yaml"),
                                    text_of(source + "/deploy/targets.d/shop.yaml"), "{}\n"};
  for (const char* name : {"README.md", "README.zh-CN.md", "docs/configuration.md", "docs/configuration.zh-CN.md"}) {
    const auto blocks = yaml_blocks(source + "/" + name);
    EXPECT_FALSE(blocks.empty()) << name;
    texts.insert(texts.end(), blocks.begin(), blocks.end());
  }
  for (const bool accepted : validate(texts)) EXPECT_TRUE(accepted) << said_;
}

TEST_F(ConfigSchema, TheExamplesOfTheReferenceAreGoodForTheReaderToo) {
  bench_.variables.values = {{"SHOP_TOKEN", "x"}};
  bench_.write("token", "secret\n");
  bench_.write("targets.d/shop.yaml", text_of(std::string{SONDE_SOURCE_DIR} + "/deploy/targets.d/shop.yaml"));
  for (const char* name : {"docs/configuration.md", "docs/configuration.zh-CN.md"}) {
    SCOPED_TRACE(name);
    const auto blocks = yaml_blocks(std::string{SONDE_SOURCE_DIR} + "/" + name);
    ASSERT_FALSE(blocks.empty());
    EXPECT_TRUE(bench_.read(blocks.front()).has_value()) << bench_.errors.to_string();
  }
}

TEST_F(ConfigSchema, AcceptsEveryWayToWriteAValue) {
  bench_.variables.values = {{"N", "3"}, {"T", "x"}};
  const std::vector<std::string> texts = {
      "runs_in_flight: ${N}\n",
      "apps: [{name: 7, url: \"http://a/\", expect: {status: 200, body: 12}}]\ntargets: []\n",
      "apps: [{name: a, url: \"http://a/\", expect: {status: [200, 2xx, 300-304]}}]\ntargets: []\n",
      "apps: [{name: a, url: \"https://a/\", request: {headers: {X-Token: \"${T}\"}}, expect:}]\ntargets: []\n",
      "apps: [{name: a, url: \"tls://a:1\", tls: {min_version: 1.2, verify: false}}]\ntargets: []\n",
      "targets: [{catalogue: aws, regions: us-east-1, per_region: 1, timeout: 1.5s}]\n",
      "targets: [{catalogue: default}, {catalogue: \"*\", services: kv, partition: overseas, sure: any, controls: "
      "false}]\n",
      "targets: [{catalogue: [aws], controls: [google-*, aws-checkip]}]\n",
      "apps: [{name: a, url: \"tcp://a:1\", hosted_on: us-east-2, depends_on: us-east-2/kv}]\ntargets: []\n",
      "sinks: [{influx: {url: \"http://a\", omit_strings: true, batch_bytes: 65536, ack_hold: 0s}}, {stdout:}]\n",
      "hub:\nsinks:\n  - file: {path: x.lp, rotate: {bytes: 1GiB}}\n",
      "vantage: auto\ntargets: []\n",
      "vantage: {provider: auto, metadata: \"127.0.0.1:80\", partition: domestic}\ntargets: []\n",
  };
  for (const std::string& text : texts) {
    EXPECT_TRUE(bench_.read(text).has_value()) << text << bench_.errors.to_string();
  }
  for (const bool accepted : validate(texts)) EXPECT_TRUE(accepted) << said_;
}

TEST_F(ConfigSchema, RefusesWhatTheReaderRefuses) {
  const std::vector<std::string> texts = {
      "vantge: {}\n",
      "vantage: here\n",
      "vantage: automatic\n",
      "vantage: {name: v, partition: china}\n",
      "vantage: {name: v, lat: 91}\n",
      "runs_in_flight: many\n",
      "runs_in_flight: 0\n",
      "runs_in_flight: \"7\"\n",
      "apps: {name: a}\ntargets: []\n",
      "apps: [{name: a}]\ntargets: []\n",
      "apps: [{url: \"tcp://a:1\"}]\ntargets: []\n",
      "apps: [{name: a, url: \"ftp://a/\"}]\ntargets: []\n",
      "apps: [{name: a, url: \"tcp://a:1\", evry: 5s}]\ntargets: []\n",
      "apps: [{name: a, url: \"tcp://a:1\", every: 5}]\ntargets: []\n",
      "apps: [{name: a, url: \"tcp://a:1\", labels: [x]}]\ntargets: []\n",
      "apps: [{name: a, url: \"tcp://a:1\", expect: {status: 200}}]\ntargets: []\n",
      "apps: [{name: a, url: \"tcp://a:1\", request: {method: GET}}]\ntargets: []\n",
      "apps: [{name: a, url: \"http://a/\", expect: {rcode: NOERROR}}]\ntargets: []\n",
      "apps: [{name: a, url: \"http://a/\", expect: {status: 2zz}}]\ntargets: []\n",
      "apps: [{name: a, url: \"tcp://a:1\", hosted_on: aws/us-east-1/kv}]\ntargets: []\n",
      "apps: [{name: a, url: \"tls://a:1\", tls: {verify: yes}}]\ntargets: []\n",
      "targets: [{catalogue: [aws], region: [x]}]\n",
      "targets: [{catalogue: [aws], sure: maybe}]\n",
      "targets: [{catalogue: [aws], partition: china}]\n",
      "targets: [{file: [a]}]\n",
      "targets: [{flie: x}]\n",
      "targets: [{url: \"tcp://a:1\"}]\n",
      "targets: [{url: \"https://a/\", refresh: 5}]\n",
      "log: {max_bytes: 1MB}\n",
      "sinks: [{kafka: {}}]\n",
      "sinks: [{stdout: {}, file: {path: x}}]\n",
      "sinks: [{}]\n",
      "sinks: [{file: {}}]\n",
      "sinks: [{influx: {url: \"ftp://a\"}}]\n",
      "sinks: [{influx: {url: \"http://a\", omit_strings: maybe}}]\n",
      "sinks: [{influx: {url: \"http://a\", gzip: 1}}]\n",
      "hub: {lisen: x}\n",
      "hub: {round: 10}\n",
  };
  for (const std::string& text : texts) EXPECT_FALSE(bench_.read(text).has_value()) << text;
  const auto verdicts = validate(texts);
  for (std::size_t i = 0; i < verdicts.size(); ++i) EXPECT_FALSE(verdicts[i]) << texts[i];
}

TEST_F(ConfigSchema, SpeaksChineseAndKnowsFilesOfTargets) {
  const std::string zh = cli::config_schema(cli::SchemaOf::kConfiguration, core::Language::kChinese);
  EXPECT_NE(zh.find("探测间隔"), std::string::npos);
  const auto targets = nlohmann::json::parse(cli::config_schema(cli::SchemaOf::kTargets, core::Language::kEnglish));
  EXPECT_EQ(targets["properties"].size(), 3U);
  EXPECT_EQ(targets["additionalProperties"], false);
}

}  // namespace
}  // namespace sonde::test
