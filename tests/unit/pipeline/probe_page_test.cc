// Results as Prometheus text: blackbox's names, ours, labels, and what must be absent.
#include "pipeline/probe_page.h"

#include <gtest/gtest.h>

#include "core/probe_line.h"

namespace sonde::pipeline {
namespace {

namespace field = core::field;

core::Measurement good_http() {
  core::Measurement m;
  m.family = "ip4";
  m.set(field::kIp, std::string{"127.0.0.1"});
  m.set(field::kDurationSeconds, 0.25);
  m.set(field::kResolveSeconds, 0.01);
  m.set(field::kConnectSeconds, 0.02);
  m.set(field::kTlsSeconds, 0.03);
  m.set(field::kHttpStatusCode, std::int64_t{200});
  m.set(field::kHttpVersion, std::string{"1.1"});
  m.set(field::kTlsVersion, std::string{"TLSv1.3"});
  m.set(field::kCertIssuer, std::string{"remote\"text"});
  return m;
}

/// Lives long enough for a result of it.
struct Source {
  explicit Source(std::string name) {
    vantage.name = "here";
    target.name = std::move(name);
    tags = core::ProbeTags{vantage, target};
  }
  [[nodiscard]] core::ProbeResult result(const core::Measurement& m) const { return {m, vantage, target, tags, {}}; }
  core::Vantage vantage;
  core::Target target;
  core::ProbeTags tags;
};

std::string text_of(const core::Measurement& m, core::CheckKind check = core::CheckKind::kHttp) {
  return probe_text(probe_row(m, check));
}

bool has(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string{line} + "\n") != std::string::npos;
}

TEST(ProbePage, SpeaksTheNamesOfBlackboxExporter) {
  const std::string text = text_of(good_http());
  for (const char* line : {
           "probe_success 1",
           "probe_duration_seconds 0.25",
           "probe_dns_lookup_time_seconds 0.01",
           "probe_http_duration_seconds{phase=\"resolve\"} 0.01",
           "probe_http_duration_seconds{phase=\"connect\"} 0.02",
           "probe_http_duration_seconds{phase=\"tls\"} 0.03",
           "probe_http_status_code 200",
           "probe_http_version 1.1",
           "probe_http_ssl 1",
           "probe_ip_protocol 4",
           "probe_ip_addr_hash 3668918509",
           "probe_tls_version_info{version=\"TLS 1.3\"} 1",
           "probe_cause_info{cause=\"none\",stage=\"done\"} 1",
           "probe_status_code 0",
           "# TYPE probe_success gauge",
       }) {
    EXPECT_TRUE(has(text, line)) << line << "\n" << text;
  }
}

TEST(ProbePage, LeavesOutWhatWasNotReached) {
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kTcp, core::Cause::kRefused);
  m.set(field::kResolveSeconds, 0.01);
  const std::string text = text_of(m);
  EXPECT_TRUE(has(text, "probe_success 0")) << text;
  EXPECT_TRUE(has(text, "probe_cause_info{cause=\"refused\",stage=\"tcp\"} 1")) << text;
  for (const char* absent : {"phase=\"connect\"", "phase=\"transfer\"", "probe_http_status_code", "probe_http_ssl",
                             "probe_tls_version_info", "probe_ip_protocol"}) {
    EXPECT_EQ(text.find(absent), std::string::npos) << absent << "\n" << text;
  }
}

// Nothing that a remote sent is in a label; what the configuration says is, and is escaped.
TEST(ProbePage, HasLabelsOfTheConfigurationOnly) {
  ProbePage page;
  page.take(Source{"a\"b\\c"}.result(good_http()));
  const std::string text = page.text();
  EXPECT_TRUE(has(text,
                  "probe_success{check=\"http\",role=\"app\",target=\"a\\\"b\\\\c\",vantage=\"here\","
                  "vantage_partition=\"overseas\"} 1"))
      << text;
  EXPECT_EQ(text.find("remote"), std::string::npos);
  EXPECT_EQ(text.find("family"), std::string::npos);
}

TEST(ProbePage, ShowsTheNewestResultOfEachTargetThatIsLeft) {
  ProbePage page;
  page.take(Source{"a"}.result(good_http()));
  core::Measurement bad = good_http();
  bad.outcome = core::failed(core::Stage::kHttp, core::Cause::kStatus);
  page.take(Source{"a"}.result(bad));
  page.take(Source{"b"}.result(good_http()));
  EXPECT_EQ(page.targets(), 2U);
  const std::string text = page.text();
  EXPECT_NE(text.find("probe_success{check=\"http\",role=\"app\",target=\"a\",vantage=\"here\","
                      "vantage_partition=\"overseas\"} 0"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("# TYPE probe_success gauge"), text.rfind("# TYPE probe_success gauge"));
  page.keep_only({"b"});
  EXPECT_EQ(page.text().find("target=\"a\""), std::string::npos);
}

TEST(ProbePage, FollowsTheLabelsOfANewConfiguration) {
  ProbePage page;
  Source source{"a"};
  page.take(source.result(good_http()));
  source.target.region = "cn-north-1";
  page.take(source.result(good_http()));
  EXPECT_EQ(page.text().find("cn-north-1"), std::string::npos) << "labels are made once";
  page.keep_only({"a"});
  page.take(source.result(good_http()));
  EXPECT_NE(page.text().find("region=\"cn-north-1\""), std::string::npos);
}

TEST(ProbePage, TellsADnsQueryFromALookup) {
  core::Measurement m;
  m.set(field::kResolveSeconds, 0.5);
  m.set(field::kDnsRcode, std::int64_t{0});
  const std::string text = text_of(m, core::CheckKind::kDns);
  EXPECT_TRUE(has(text, "probe_dns_duration_seconds{phase=\"request\"} 0.5")) << text;
  EXPECT_TRUE(has(text, "probe_dns_query_succeeded 1")) << text;
  EXPECT_EQ(text.find("probe_dns_lookup_time_seconds"), std::string::npos) << text;
  EXPECT_EQ(text.find("probe_http_duration_seconds"), std::string::npos) << text;
}

}  // namespace
}  // namespace sonde::pipeline
