// A target's `tls` map: what it means and what is refused.
#include "prober/tls_spec.h"

#include <gtest/gtest.h>

#include "tests/support/both_languages.h"

namespace sonde::test {
namespace {

using prober::read_tls_spec;

struct Read {
  prober::TlsSpec spec;
  core::ConfigErrors errors;
};

Read read(const std::string& yaml) {
  Read out;
  const core::ConfigNode node = core::parse_yaml(yaml, "t.yaml", nullptr, out.errors);
  out.spec = read_tls_spec(&node, "app.test", out.errors);
  return out;
}

TEST(TlsSpec, WithoutAMapTheHostIsVerifiedAndNothingIsOffered) {
  core::ConfigErrors errors;
  const auto spec = read_tls_spec(nullptr, "app.test", errors);
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(spec.host, "app.test");
  EXPECT_TRUE(spec.verify);
  EXPECT_TRUE(spec.alpn.empty());
  EXPECT_EQ(spec.policy, io::TlsPolicy{});
}

TEST(TlsSpec, ReadsAllKeys) {
  const std::string hex(64, 'A');
  const std::string key = "sha256//" + std::string(43, 'b') + "=";
  const auto [spec, errors] = read(
      "{ca_file: ca.pem, crl_file: crl.pem, cert_file: me.pem, key_file: me.key, server_name: other.test, "
      "min_version: 1.0, max_version: 1.2, verify: false, require_staple: true, alpn: [h2, http/1.1], pins: [\"" +
      hex + "\", \"" + key + "\"]}");
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  EXPECT_EQ(spec.host, "other.test");
  EXPECT_EQ(spec.policy.ca_file, "ca.pem");
  EXPECT_EQ(spec.policy.crl_file, "crl.pem");
  EXPECT_EQ(spec.policy.cert_file, "me.pem");
  EXPECT_EQ(spec.policy.key_file, "me.key");
  EXPECT_EQ(spec.policy.min_version, io::TlsVersion::k10);
  EXPECT_EQ(spec.policy.max_version, io::TlsVersion::k12);
  EXPECT_FALSE(spec.verify);
  EXPECT_TRUE(spec.require_staple);
  EXPECT_EQ(spec.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(spec.pins, (std::vector<std::string>{std::string(64, 'a'), key}));
}

TEST(TlsSpec, APinMayHaveColons) {
  std::string pin;
  for (int i = 0; i < 32; ++i) pin += i == 0 ? "0F" : ":0F";
  const auto [spec, errors] = read("{pins: \"" + pin + "\"}");
  EXPECT_TRUE(errors.empty()) << errors.to_string();
  ASSERT_EQ(spec.pins.size(), 1U);
  EXPECT_EQ(spec.pins.front().substr(0, 6), "0f0f0f");
}

TEST(TlsSpec, MistakesAreErrorsAtTheirPlace) {
  struct Case {
    const char* yaml;
    const char* says;
  };
  const Case cases[] = {
      {"{verfy: false}", "did you mean \"verify\""},
      {"{min_version: 1.4}", "1.3"},
      {"{min_version: 1.3, max_version: 1.2}", "older than"},
      {"{key_file: k.pem}", "needs cert_file"},
      {"{pins: [abc]}", "64 digits"},
      {"{pins: [\"sha256//abc=\"]}", "64 digits"},
      {"{alpn: [\"\"]}", "1 to 255"},
      {"{server_name: \"\"}", "1 to 253"},
      {"[a]", "map"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.yaml);
    const auto result = read(c.yaml);
    EXPECT_FALSE(result.errors.empty());
    EXPECT_EQ(in_one_language(result.errors), "");
    EXPECT_NE(result.errors.to_string().find(c.says), std::string::npos) << result.errors.to_string();
  }
}

}  // namespace
}  // namespace sonde::test
