// The printed configuration: every default, no secret, and the same meaning when it is read again.
#include "cli/config_print.h"

#include <gtest/gtest.h>

#include "tests/unit/config/bench.h"

namespace sonde::test {
namespace {

class ConfigPrint : public testing::Test {
 protected:
  std::string print(const std::string& yaml) {
    const auto c = bench_.read(yaml);
    EXPECT_TRUE(c.has_value()) << yaml << bench_.errors.to_string();
    return c ? cli::print_configuration(bench_.tree, *c, "/somewhere") : "";
  }

  ConfigBench bench_;
};

TEST_F(ConfigPrint, IsReadAgainWithTheSameMeaning) {
  bench_.variables.values = {{"TOKEN", "hunter2"}, {"EVERY", "7s"}};
  bench_.write("secrets/token", "secret\n");
  bench_.write("targets.d/x.yaml", "apps: [{name: from-file, url: \"tcp://x:1\"}]\n");
  const std::string yaml = R"(
vantage: {name: "v: 1", provider: aws, region: us-east-1}
policy: {allow: [10.0.0.0/8]}
targets:
  - {catalogue: [aws], regions: [us-*], services: [kv], sure: sourced, controls: [google-*], every: 20s}
  - {file: targets.d/}
  - {name: inline, url: "dns:///example.com?type=A"}
apps:
  - name: "quoted \" and \\ and $$"
    url: https://a.example/x?y=#z
    hosted_on: aws/us-east-1
    depends_on: [aws/us-east-1/object-storage]
    every: ${EVERY}
    labels: {team: "007", "a b": "true"}
    expect: {status: [200, 301-302], headers: {content-type: "text: x"}, body: "null"}
    request: {headers: {Authorization: "Bearer ${TOKEN}"}}
    tls: {min_version: "1.3"}
  - {name: b, url: "tcp://b:1", timeout: 1s}
references: [{provider: own, region: r, service: s, url: "http://r/"}]
controls: [{name: c, url: "http://c/", partition: overseas}]
sinks:
  - influx: {url: "http://a:1", token_file: secrets/token, omit_strings: true}
  - file: {path: out.lp, rotate: {bytes: 1MiB}}
  - stdout:
hub: {allow_hosts: [x]}
)";
  const auto first = bench_.read(yaml);
  ASSERT_TRUE(first.has_value()) << bench_.errors.to_string();
  const std::string printed = cli::print_configuration(bench_.tree, *first, "/somewhere");
  EXPECT_EQ(printed.find("hunter2"), std::string::npos) << printed;
  const auto second = bench_.read(printed);
  ASSERT_TRUE(second.has_value()) << printed << bench_.errors.to_string();
  EXPECT_EQ(cli::print_configuration(bench_.tree, *second, "/elsewhere"), printed);

  EXPECT_EQ(cli::needs_restart(*first, *second), "");
  EXPECT_EQ(first->prober.vantage.name, second->prober.vantage.name);
  EXPECT_EQ(first->prober.allow, second->prober.allow);
  ASSERT_EQ(first->prober.targets.size(), second->prober.targets.size());
  for (std::size_t i = 0; i < first->prober.targets.size(); ++i) {
    const core::Target& a = first->prober.targets[i].target;
    const core::Target& b = second->prober.targets[i].target;
    SCOPED_TRACE(a.name);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.url, b.url);
    EXPECT_EQ(a.every, b.every);
    EXPECT_EQ(a.timeout, b.timeout);
    EXPECT_EQ(a.app, b.app);
    EXPECT_EQ(a.provider + a.region + a.service, b.provider + b.region + b.service);
    EXPECT_EQ(a.partition, b.partition);
    EXPECT_EQ(a.depends_on, b.depends_on);
    EXPECT_EQ(a.labels, b.labels);
  }
}

TEST_F(ConfigPrint, WritesDefaultsOut) {
  const std::string text = print("apps: [{name: a, url: \"https://a/\"}]\ntargets: []\nhub: {}\n");
  for (const char* line : {"\n    every: 10s\n", "\n    timeout: 5s\n", "\n    app: a\n",
                           "\n      status: \"200-399\"\n", "\n  max_bytes: 1GiB\n", "\n  retention: 7d\n",
                           "\nruns_in_flight: 512\n", "\ntargets: []\n", "  name: host-1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST_F(ConfigPrint, TheDefaultsOfEachKindOfCheckAreGoodInput) {
  for (const char* url :
       {"https://a/", "http://a/", "tls://a:1", "tcp://a:1", "dns:///a", "dns://127.0.0.1/a?type=MX"}) {
    SCOPED_TRACE(url);
    const std::string text = print("apps: [{name: a, url: \"" + std::string{url} + "\"}]\ntargets: []\n");
    EXPECT_EQ(print(text), text);
  }
}

TEST_F(ConfigPrint, AHubAloneStaysAHubAlone) {
  const std::string text = print("hub: {}\n");
  EXPECT_EQ(text.find("vantage"), std::string::npos) << text;
  EXPECT_EQ(print(text), text);
}

TEST_F(ConfigPrint, NothingAtAllIsPrintedAsWhatItMeans) {
  const std::string text = print("{}\n");
  EXPECT_NE(text.find("  name: host-1\n"), std::string::npos) << text;
  EXPECT_EQ(print(text), text);
}

TEST_F(ConfigPrint, ASecretInTheFileIsNotShown) {
  const std::string text = print(
      "apps: [{name: a, url: \"http://a/\", request: {headers: {Cookie: \"id=hunter2\", X-Api-Key: hunter2, Accept: "
      "text/plain}}}]\ntargets: []\n");
  EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  EXPECT_NE(text.find("<redacted>"), std::string::npos) << text;
  EXPECT_NE(text.find("text/plain"), std::string::npos) << text;
}

}  // namespace
}  // namespace sonde::test
