// One small bad file for each kind of mistake, with the exact words in both languages.
#include <gtest/gtest.h>

#include "tests/unit/config/bench.h"

namespace sonde::test {
namespace {

struct Case {
  std::string_view yaml;
  std::string_view en;
  std::string_view zh;
};

constexpr Case kCases[] = {
    {"vantge: {}\n", "sonde.yaml:1:1: configuration: unknown key \"vantge\"; did you mean \"vantage\"?; allowed: ",
     "sonde.yaml:1:1: configuration：未知的键“vantge”；是否想写“vantage”？；可用："},
    {"apps: [{url: \"tcp://a:1\"}]\ntargets: []\n", "sonde.yaml:1:8: app needs \"name\"\n",
     "sonde.yaml:1:8: app 缺少“name”\n"},
    {"apps: [{name: \"\", url: \"tcp://a:1\"}]\ntargets: []\n", "sonde.yaml:1:15: app: \"name\" is empty\n",
     "sonde.yaml:1:15: app：“name”是空的\n"},
    {"apps:\n  - {name: a, url: \"tcp://a:1\", every: 5}\ntargets: []\n",
     "sonde.yaml:2:40: expected a duration with its unit from 100ms to 1d (such as 10s, 250ms, 2m), found \"5\"\n",
     "sonde.yaml:2:40: 应为 100ms 到 1d 的时长并带单位（如 10s、250ms、2m），实际是“5”\n"},
    {"apps: [{name: a, url: \"tcp://a:1\", every: 5s, timeout: 5s}]\ntargets: []\n",
     "sonde.yaml:1:56: timeout (5s) must be shorter than every (5s)\n",
     "sonde.yaml:1:56: timeout（5s）必须短于 every（5s）\n"},
    {"runs_in_flight: many\n", "sonde.yaml:1:17: expected a whole number from 1 to 20000, found \"many\"\n",
     "sonde.yaml:1:17: 应为 1 到 20000 的整数，实际是“many”\n"},
    {"vantage: {name: v, partition: china}\n",
     "sonde.yaml:1:31: \"china\" is not allowed here; allowed: domestic, overseas\n",
     "sonde.yaml:1:31: 这里不能写“china”；可用：domestic, overseas\n"},
    {"log: {max_bytes: 1MB}\n",
     "sonde.yaml:1:18: expected a size from 4MiB to 64TiB (such as 64KiB, 8MiB, 1GiB), found \"1MB\"\n",
     "sonde.yaml:1:18: 应为 4MiB 到 64TiB 的大小（如 64KiB、8MiB、1GiB），实际是“1MB”\n"},
    {"apps: {name: a}\ntargets: []\n", "sonde.yaml:1:7: apps is a list\n", "sonde.yaml:1:7: apps 应为列表\n"},
    {"vantage: here\n", "sonde.yaml:1:10: vantage: expected a map of settings\n",
     "sonde.yaml:1:10: vantage：应为由设置组成的映射\n"},
    {"apps: [{name: a, url: \"ftp://a/\"}]\ntargets: []\n",
     "sonde.yaml:1:23: \"ftp://a/\" is not a target URL: the scheme must be https, http, tls, tcp or dns\n",
     "sonde.yaml:1:23: “ftp://a/”不是目标 URL：协议须为 https、http、tls、tcp 或 dns\n"},
    {"apps: [{name: a, url: \"tcp://a:1\", hosted_on: aws/us-esat-1}]\ntargets: []\n",
     "sonde.yaml:1:47: aws has no region \"us-esat-1\"; did you mean \"us-east-1\"?\n",
     "sonde.yaml:1:47: aws 没有区域“us-esat-1”；是否想写“us-east-1”？\n"},
    {"targets:\n  - file: none.yaml\n", "sonde.yaml:2:11: there is no file none.yaml\n",
     "sonde.yaml:2:11: 没有文件 none.yaml\n"},
    {"targets:\n  - url: tcp://a:1\n",
     "sonde.yaml:2:10: a document of targets comes from http:// or https://; a target needs a name too\n",
     "sonde.yaml:2:10: 目标文档须来自 http:// 或 https://；若是目标，还需要 name\n"},
    {"targets: [{flie: x.yaml}]\n",
     "sonde.yaml:1:11: an item of targets is {catalogue: [...]}, {file: ...}, {url: ...}, or a target with name and "
     "url\n",
     "sonde.yaml:1:11: targets 的每一项为 {catalogue: [...]}、{file: ...}、{url: ...}，或带 name 和 url 的目标\n"},
    {"sinks: [{influx: {url: \"http://a\"}, stdout: {}}]\n",
     "sonde.yaml:1:9: sink: write one of influx, file, stdout, and only one\n",
     "sonde.yaml:1:9: sink：请写且只写以下之一：influx, file, stdout\n"},
    {"sinks: [{influx: {url: \"http://a\", token_file: open}}]\n",
     "sonde.yaml:1:18: the secret file open may be read by others: chmod 600 it\n",
     "sonde.yaml:1:18: 密钥文件 open 可被其他用户读取：请 chmod 600\n"},
    {"hub: {listen: \"0.0.0.0:1\"}\n",
     "sonde.yaml:1:15: hub listens on 0.0.0.0, which others can reach: set token_file, or listen on 127.0.0.1\n",
     "sonde.yaml:1:15: hub 监听在 0.0.0.0，他人可以访问：请设置 token_file，或改为监听 127.0.0.1\n"},
    {"hub: {}\nrunner: 1\n", "sonde.yaml:2:1: configuration: unknown key \"runner\"; allowed: ",
     "sonde.yaml:2:1: configuration：未知的键“runner”；可用："},
    {"hub: {}\nresolver: 127.0.0.1\n",
     "sonde.yaml:2:1: \"resolver\" is for a prober, and this configuration runs a hub alone: give it a vantage\n",
     "sonde.yaml:2:1: “resolver”只对探针有效，而此配置只运行中心：请写上 vantage\n"},
    {"apps: [{name: a, url: \"tcp://${HOST}:1\"}]\ntargets: []\n", "sonde.yaml:1:23: the variable HOST is not set",
     "sonde.yaml:1:23: 变量 HOST 没有设置"},
    {"# nothing\n", "sonde.yaml: the file is empty\n", "sonde.yaml: 文件是空的\n"},
};

TEST(ConfigurationWords, EachKindOfMistakeHasItsPlaceAndItsWords) {
  ConfigBench bench;
  bench.write("open", "secret\n");
  std::filesystem::permissions(bench.directory.file("open"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.yaml);
    EXPECT_FALSE(bench.read(std::string{c.yaml}).has_value());
    // Where all keys of a table are named, the beginning is enough.
    const auto begins = [](const std::string& text, std::string_view words) {
      return words.ends_with('\n') ? text == words : text.starts_with(words);
    };
    EXPECT_TRUE(begins(bench.mistakes(core::Language::kEnglish), c.en)) << bench.mistakes(core::Language::kEnglish);
    EXPECT_TRUE(begins(bench.mistakes(core::Language::kChinese), c.zh)) << bench.mistakes(core::Language::kChinese);
  }
}

TEST(ConfigurationWords, AllMistakesComeAtOnce) {
  ConfigBench bench;
  EXPECT_FALSE(bench
                   .read("vantge: {}\n"
                         "apps: [{name: a, url: \"ftp://a\", every: 5}, {nam: b}]\n"
                         "log: {max_age: never}\n"
                         "sinks: [{kafka: {}}]\n")
                   .has_value());
  EXPECT_EQ(bench.errors.all().size(), 8U) << bench.errors.to_string();
}

TEST(ConfigurationWords, AnEmptySectionIsASectionWithDefaults) {
  ConfigBench bench;
  const auto c = bench.read("vantage:\ntargets: []\nhub:\nlog:\nsinks:\n  - stdout:\n");
  ASSERT_TRUE(c.has_value()) << bench.errors.to_string();
  EXPECT_EQ(c->hub.port, 8686);
  EXPECT_EQ(c->prober.vantage.name, "host-1");
}

TEST(ConfigurationWords, AFolderOfTargetsGivesItsYamlFilesInOrder) {
  ConfigBench bench;
  bench.write("targets.d/b.yaml", "apps: [{name: b, url: \"tcp://b:1\"}]\n");
  bench.write("targets.d/a.yml", "apps: [{name: a, url: \"tcp://a:1\"}]\n");
  bench.write("targets.d/.hidden.yaml", "not: [yaml\n");
  bench.write("targets.d/notes.txt", "not: [yaml\n");
  for (const char* path : {"targets.d/", "targets.d"}) {
    SCOPED_TRACE(path);
    const auto c = bench.read("targets:\n  - file: " + std::string{path} + "\n");
    ASSERT_TRUE(c.has_value()) << bench.errors.to_string();
    ASSERT_EQ(c->prober.targets.size(), 2U);
    EXPECT_EQ(c->prober.targets[0].target.name, "a");
    EXPECT_EQ(c->prober.targets[1].target.name, "b");
  }
}

TEST(ConfigurationWords, WhatOnlyARestartCanChangeIsNamed) {
  ConfigBench bench;
  const std::string base = "vantage: {name: v}\ntargets: []\nsinks: [{stdout: {}}]\n";
  const auto running = bench.read(base);
  const auto more = bench.read(base + "apps: [{name: a, url: \"tcp://a:1\"}]\n");
  const auto other = bench.read("vantage: {name: v}\ntargets: []\nsinks: [{stdout: {name: x}}]\nlog: {max_age: 1d}\n");
  const auto hub = bench.read(base + "hub: {round: 5s}\n");
  ASSERT_TRUE(running && more && other && hub);
  EXPECT_EQ(cli::needs_restart(*running, *more), "");
  EXPECT_EQ(cli::needs_restart(*running, *other), "log, sinks");
  EXPECT_EQ(cli::needs_restart(*running, *hub), "hub");
}

}  // namespace
}  // namespace sonde::test
