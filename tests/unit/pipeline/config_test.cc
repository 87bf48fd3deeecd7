// `log:` and `sinks:` as people write them, right and wrong.
#include "pipeline/config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

namespace sonde::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

LogOptions log_of(std::string_view yaml, core::ConfigErrors& errors) {
  return read_log_config(core::parse_yaml(yaml, "t.yaml", nullptr, errors), errors);
}
std::vector<SinkConfig> sinks_of(std::string_view yaml, core::ConfigErrors& errors) {
  const core::ConfigNode root = core::parse_yaml("sinks:\n" + std::string{yaml}, "t.yaml", nullptr, errors);
  return read_sinks_config(core::TableReader{root, kPipelineTable, errors}, errors);
}

TEST(PipelineConfig, ReadsTheLogSection) {
  core::ConfigErrors errors;
  const LogOptions o = log_of(
      "{directory: /d, max_bytes: 2GiB, max_age: 2d, min_free: 1GiB, commit_interval: 50ms, "
      "segment_bytes: 1MiB}",
      errors);
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(o.directory, "/d");
  EXPECT_EQ(o.bytes_max, 2ULL << 30);
  EXPECT_EQ(o.age_max, hours{48});
  EXPECT_EQ(o.free_bytes_min, 1ULL << 30);
  EXPECT_EQ(o.commit_interval, milliseconds{50});
  EXPECT_EQ(o.segment_bytes, 1ULL << 20);
}

TEST(PipelineConfig, ReadsEachKindOfSink) {
  core::ConfigErrors errors;
  const auto sinks = sinks_of(
      "- influx: {url: 'https://tsdb:8086/x', org: o, bucket: b, token_file: /t, ack_hold: 5s, gzip: false,\n"
      "           omit_strings: true, batch_bytes: 64KiB, timeout: 3s}\n"
      "- file: {path: /out.lp}\n"
      "- stdout:\n"
      "- stdout: {name: second}\n"
      "- stdout: {name: third}\n",
      errors);
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  ASSERT_EQ(sinks.size(), 5U);
  const auto& influx = std::get<InfluxConfig>(sinks[0]);
  EXPECT_EQ(name(sinks[0]), "influx-tsdb-8086");
  EXPECT_EQ(influx.options.bucket, "b");
  EXPECT_EQ(influx.token_file, "/t");
  EXPECT_EQ(influx.options.ack_hold, core::Duration{seconds{5}});
  EXPECT_FALSE(influx.options.gzip);
  EXPECT_EQ(influx.options.omit_strings, InfluxOptions::OmitStrings::kYes);
  EXPECT_EQ(influx.options.batch_bytes, 64U * 1024);
  EXPECT_EQ(std::get<FileSinkOptions>(sinks[1]).path, "/out.lp");
  EXPECT_EQ(name(sinks[3]), "second");
}

TEST(PipelineConfig, ReadsTheWritePath) {
  core::ConfigErrors errors;
  const auto sinks = sinks_of(
      "- influx: {url: 'http://a', database: d}\n- influx: {url: 'http://b', api: v1}\n"
      "- influx: {url: 'http://c', api: v2, org: o, bucket: b}\n"
      "- influx: {url: 'http://e', api: v3, database: d}\n",
      errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  using Api = InfluxOptions::Api;
  const Api expected[] = {Api::kAuto, Api::kV1, Api::kV2, Api::kV3};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(std::get<InfluxConfig>(sinks[i]).options.api, expected[i]) << i;
}

TEST(PipelineConfig, ReadsHowAFileIsRotated) {
  core::ConfigErrors errors;
  const auto sinks = sinks_of(
      "- file: {path: /out.lp, name: mine, rotate: {bytes: 64MiB, every: 1d, keep: 30, gzip: true}}\n", errors);
  ASSERT_TRUE(errors.empty()) << errors.to_string();
  const auto& file = std::get<FileSinkOptions>(sinks[0]);
  EXPECT_EQ(name(sinks[0]), "mine");
  EXPECT_EQ(file.rotation.bytes, 64U << 20);
  EXPECT_EQ(file.rotation.every, core::Duration{std::chrono::hours{24}});
  EXPECT_EQ(file.rotation.keep, 30);
  EXPECT_TRUE(file.rotation.gzip);
}

TEST(PipelineConfig, SaysWhatIsWrongAndWhere) {
  struct Case {
    const char* yaml;
    const char* says;
  };
  const Case cases[] = {
      {"- influx: {url: 'ftp://x'}", "url must be http"},
      {"- influx: {database: d}", "url"},
      {"- influx: {url: 'http://x', database: d, org: o, bucket: b}", "not both"},
      {"- influx: {url: 'http://x', bucket: b}", "org and bucket go together"},
      {"- influx: {url: 'http://x', api: v2, database: d}", "api: v2 needs org and bucket"},
      {"- influx: {url: 'http://x', api: v1, org: o, bucket: b}", "a bucket is of api: v2"},
      {"- influx: {url: 'http://x', api: v3}", "api: v3 needs a database"},
      {"- influx: {url: 'http://x', api: v4, database: d}", "v1, v2, v3"},
      {"- influx: {url: 'http://x', token_file: /t, username: u, password_file: /p}", "not both"},
      {"- influx: {url: 'http://x', username: u}", "go together"},
      {"- influx: {url: 'http://x', tokenfile: /t}", "token_file"},
      {"- influx: {url: 'http://x', client_cert_file: /c}", "go together"},
      {"- kafka: {}", "unknown key \"kafka\""},
      {"- {stdout: {}, file: {path: /x}}", "one of influx, file, stdout, and only one"},
      {"- file: {}", "path"},
      {"- file: {path: /x, rotate: {keep: 3}}", "bytes or every"},
      {"- file: {path: /x, rotate: {bytes: 1}}", "64KiB"},
      {"- file: {path: /x, rotate: {size: 1MiB}}", "bytes, every, keep, gzip"},
      {"- stdout: {}\n- stdout: {}", "two sinks are called \"stdout\""},
      {"  influx: {url: 'http://x'}", "sinks is a list"},
  };
  for (const Case& c : cases) {
    core::ConfigErrors errors;
    (void)sinks_of(c.yaml, errors);
    ASSERT_FALSE(errors.empty()) << c.yaml;
    EXPECT_NE(errors.to_string().find(c.says), std::string::npos) << c.yaml << "\n" << errors.to_string();
    EXPECT_NE(errors.to_string().find("t.yaml:"), std::string::npos);
  }
  core::ConfigErrors errors;
  (void)log_of("{max_byte: 1GiB, max_age: 3, segment_bytes: 1KiB}", errors);
  EXPECT_EQ(errors.all().size(), 3U) << errors.to_string();
}

struct SecretsTest : testing::Test {
  InfluxConfig with_file(const std::string& content, std::filesystem::perms perms) {
    const std::string path = directory.file("token");
    std::ofstream{path} << content;
    std::filesystem::permissions(path, perms);
    InfluxConfig c;
    c.token_file = path;
    return c;
  }
  sonde::test::TempDir directory;
  std::unique_ptr<io::Files> files = io::make_system_files();
  core::ConfigErrors errors;
  static constexpr auto kOwner = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
};

TEST_F(SecretsTest, ReadsASecretWithoutItsLineBreak) {
  InfluxConfig c = with_file("abc \n", kOwner);
  EXPECT_TRUE(load_secrets(c, *files, errors)) << errors.to_string();
  EXPECT_EQ(c.options.token, "abc ");
}

TEST_F(SecretsTest, RefusesASecretThatOthersMayRead) {
  InfluxConfig c = with_file("abc\n", kOwner | std::filesystem::perms::group_read);
  EXPECT_FALSE(load_secrets(c, *files, errors));
  EXPECT_NE(errors.to_string().find("chmod 600"), std::string::npos);
  EXPECT_EQ(errors.to_string().find("abc"), std::string::npos) << "a secret must not show in an error";
}

TEST_F(SecretsTest, RefusesAnEmptyOrMissingSecret) {
  InfluxConfig c = with_file("\n", kOwner);
  EXPECT_FALSE(load_secrets(c, *files, errors));
  c.token_file = directory.file("nothing");
  EXPECT_FALSE(load_secrets(c, *files, errors));
  EXPECT_EQ(errors.all().size(), 2U);
}

}  // namespace
}  // namespace sonde::pipeline
