// A blackbox.yml read into checks of ours: what it becomes, what is refused and where, and what a scrape may ask.
#include <gtest/gtest.h>

#include "prober/blackbox/answer.h"
#include "prober/blackbox/handler.h"
#include "prober/blackbox/module.h"
#include "prober/blackbox/module_keys.h"
#include "prober/blackbox/module_read.h"
#include "tests/support/both_languages.h"
#include "tests/support/sim_files.h"

namespace sonde::prober::blackbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Read {
  sonde::test::SimFiles files;
  core::ConfigErrors errors;
  Modules modules;

  explicit Read(std::string_view yaml) {
    files.set_contents("/token", "t0ken\n");
    modules = read_modules(yaml, "/b.yml", files, errors);
  }
  [[nodiscard]] std::string said() const {
    EXPECT_EQ(test::in_one_language(errors), "");
    return errors.to_string();
  }
};

std::string scalar(const core::ConfigNode& map, std::string_view key) {
  const core::ConfigNode* node = map.find(key);
  if (node == nullptr) return "(none)";
  return node->kind == core::ConfigNode::Kind::kSequence && node->items.size() == 1 ? node->items[0].scalar
                                                                                    : node->scalar;
}

TEST(Blackbox, HasTheDefaultsOfBlackboxExporter) {
  const Read r{"modules: {h: {prober: http}, t: {prober: tcp}, d: {prober: dns, dns: {query_name: example.com}}}\n"};
  ASSERT_TRUE(r.errors.empty()) << r.said();
  const Module& http = *r.modules.find("h");
  EXPECT_EQ(scalar(http.expect, "status"), "2xx");
  EXPECT_EQ(scalar(http.request, "redirects"), "10");
  EXPECT_EQ(scalar(http.request, "version"), "(none)");
  EXPECT_EQ(http.timeout, Duration{});
  const Module& dns = *r.modules.find("d");
  EXPECT_EQ(scalar(dns.expect, "rcode"), "NOERROR");
  EXPECT_EQ(scalar(dns.request, "type"), "ANY");
  EXPECT_EQ(scalar(dns.request, "class"), "IN");
  EXPECT_EQ(scalar(dns.request, "transport"), "udp");
  EXPECT_EQ(scalar(dns.request, "recursion"), "true");
  for (const char* name : {"h", "t", "d"}) {
    EXPECT_EQ(r.modules.find(name)->net.family, NetSpec::Family::kPreferIp6) << name;
  }
}

TEST(Blackbox, ReadsEveryFieldOfHttp) {
  const Read r{R"(
modules:
  all:
    prober: http
    timeout: 1m30s
    http:
      valid_status_codes: [200, 404]
      valid_http_versions: [HTTP/1.1, HTTP/2.0]
      method: POST
      headers: {Host: shop.example.com, X-A: "$1"}
      body: ping
      compression: gzip
      body_size_limit: 10MB
      follow_redirects: false
      fail_if_not_ssl: true
      fail_if_body_matches_regexp: [a$, "${b}"]
      fail_if_body_not_matches_regexp: [c]
      fail_if_header_matches: [{header: X, regexp: d, allow_missing: true}]
      fail_if_header_not_matches: [{header: Y, regexp: e}]
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
      enable_http2: false
      basic_auth: {username: u, password: p}
      proxy_url: "http://me:hush@127.0.0.1:3128"
      tls_config: {insecure_skip_verify: true, server_name: s.example.com, min_version: TLS10, max_version: TLS13}
)"};
  ASSERT_TRUE(r.errors.empty()) << r.said();
  const Module& m = r.modules.list[0];
  EXPECT_EQ(m.timeout, seconds{90});
  EXPECT_EQ(m.net.family, NetSpec::Family::kIp4);
  EXPECT_EQ(m.expect.find("status")->items.size(), 2U);
  EXPECT_EQ(m.expect.find("version")->items[1].scalar, "2");
  EXPECT_EQ(scalar(m.expect, "body_bytes_max"), "10485760");
  EXPECT_EQ(scalar(m.expect, "tls"), "required");
  EXPECT_EQ(m.expect.find("body_not_matches")->items[0].scalar, "a$");
  EXPECT_EQ(m.expect.find("body_not_matches")->items[1].scalar, "${b}") << "a $ is a $ in this file";
  EXPECT_EQ(scalar(m.expect, "body_matches"), "c");
  EXPECT_EQ(scalar(m.expect.find("header_not_matches")->items[0], "allow_missing"), "true");
  EXPECT_EQ(scalar(m.expect.find("header_matches")->items[0], "regex"), "e");
  EXPECT_EQ(scalar(m.expect.find("header_matches")->items[1], "name"), "Content-Encoding") << "of compression";
  EXPECT_EQ(scalar(m.request, "method"), "POST");
  EXPECT_EQ(scalar(m.request, "body"), "ping");
  EXPECT_EQ(scalar(m.request, "redirects"), "0");
  EXPECT_EQ(scalar(m.request, "version"), "1.1");
  EXPECT_EQ(scalar(*m.request.find("headers"), "X-A"), "$1");
  EXPECT_EQ(scalar(*m.request.find("basic_auth"), "password"), "p");
  EXPECT_EQ(scalar(*m.request.find("proxy"), "url"), "http://127.0.0.1:3128");
  EXPECT_EQ(scalar(*m.request.find("proxy"), "username"), "me");
  EXPECT_EQ(scalar(*m.request.find("proxy"), "password"), "hush");
  EXPECT_EQ(scalar(m.tls, "verify"), "false");
  EXPECT_EQ(scalar(m.tls, "min_version"), "1.0");
  EXPECT_TRUE(m.matches);
}

TEST(Blackbox, ReadsTokensInAllTheirPlaces) {
  for (const char* written : {"bearer_token: t0ken", "bearer_token_file: /token", "authorization: {credentials: t0ken}",
                              "authorization: {type: Bearer, credentials_file: /token}"}) {
    const Read r{std::string{"modules: {m: {prober: http, http: {"} + written + "}}}\n"};
    EXPECT_TRUE(r.errors.empty()) << written << "\n" << r.said();
    EXPECT_NE(r.modules.list[0].request.find("bearer"), nullptr) << written;
  }
}

TEST(Blackbox, ReadsTcpAndDns) {
  const Read r{R"(
modules:
  t:
    prober: tcp
    tcp:
      source_ip_address: 127.0.0.1
      tls: true
      query_response: [{expect: "^220"}, {send: "PONG ${1}"}]
  d:
    prober: dns
    dns:
      query_name: example.com
      query_type: SOA
      transport_protocol: tcp
      dns_over_tls: true
      recursion_desired: false
      valid_rcodes: [NXDOMAIN]
      validate_answer_rrs: {fail_if_matches_regexp: [a], fail_if_none_matches_regexp: [b]}
      validate_authority_rrs: {fail_if_not_matches_regexp: [c]}
      validate_additional_rrs: {fail_if_all_match_regexp: [d]}
)"};
  const Module& tcp = *r.modules.find("t");
  const auto& steps = tcp.expect.find("steps")->items;
  ASSERT_EQ(steps.size(), 3U);
  EXPECT_EQ(scalar(steps[0], "starttls"), "true") << "tls: true, before the first word";
  EXPECT_EQ(scalar(steps[1], "expect"), "^220");
  EXPECT_EQ(scalar(steps[2], "send"), "PONG ${1}\n") << "a line, as blackbox_exporter sends it";
  EXPECT_TRUE(tcp.net.source.has_value());
  EXPECT_TRUE(tcp.over_tls);
  const Module& dns = *r.modules.find("d");
  EXPECT_EQ(scalar(dns.request, "transport"), "dot");
  EXPECT_EQ(scalar(dns.request, "type"), "SOA");
  EXPECT_EQ(scalar(dns.request, "recursion"), "false");
  EXPECT_EQ(scalar(dns.expect, "rcode"), "NXDOMAIN");
  EXPECT_EQ(scalar(dns.expect, "answer_not_matches"), "a");
  EXPECT_EQ(scalar(dns.expect, "answer_matches_any"), "b");
  EXPECT_EQ(scalar(dns.expect, "authority_matches"), "c");
  EXPECT_EQ(scalar(dns.expect, "additional_matches_or_empty"), "d");
}

TEST(Blackbox, RefusesWithThePlaceAndAWayOut) {
  struct Case {
    const char* yaml;
    const char* says;
  };
  const Case cases[] = {
      {"modules: {m: {prober: icmp}}",
       "/b.yml:1:23: module m: prober icmp is not served by Sonde; Sonde sends no ICMP"},
      {"modules: {m: {prober: grpc}}", "use a tcp module with tls"},
      {"modules: {m: {prober: websocket}}", "not served"},
      {"modules: {m: {prober: unix}}", "not served"},
      {"modules: {m: {prober: pigeon}}", "allowed: http, tcp, dns"},
      {"modules: {m: {prober: http, http: {oauth2: {client_id: x}}}}", "/b.yml:1:44: module m: http.oauth2"},
      {"modules: {m: {prober: http, http: {enable_http3: true}}}", "HTTP/2 and HTTP/1.1"},
      {"modules: {m: {prober: http, http: {fail_if_body_json_matches_cel: x}}}", "expect.json"},
      {"modules: {m: {prober: http, http: {valid_http_versions: [HTTP/3.0]}}}", "HTTP/3.0"},
      {"modules: {m: {prober: http, http: {fail_if_ssl: true, fail_if_not_ssl: true}}}", "never be met"},
      {"modules: {m: {prober: http, http: {body_size_limit: huge}}}", "10MB"},
      {"modules: {m: {prober: http, http: {fail_if_body_matches_regexp: ['(']}}}", "/b.yml:1:66"},
      {"modules: {m: {prober: http, http: {valid_status_code: [200]}}}", "valid_status_codes"},
      {"modules: {m: {prober: http, http: {authorization: {type: Digest}}}}", "other than Bearer"},
      {"modules: {m: {prober: tcp, tcp: {query_response: [{expect: a, labels: []}]}}}", "becomes a label"},
      {"modules: {m: {prober: tcp, tcp: {source_ip_address: here}}}", "address of this machine"},
      {"modules: {m: {prober: dns}}", "query_name"},
      {"modules: {m: {prober: dns, dns: {query_name: a, query_type: NONSENSE}}}", "NONSENSE"},
      {"modules: {m: {timeout: 5s}}", "prober"},
      {"modules: {m: {prober: http, timeout: 5}}", "5s or 1m30s"},
      {"modulez: {}", "modules"},
      {"", "empty"},
  };
  for (const Case& c : cases) {
    const Read r{c.yaml};
    EXPECT_NE(r.said().find(c.says), std::string::npos) << c.yaml << "\n" << r.said();
  }
}

TEST(Blackbox, LetsKeysStandThatChangeNothing) {
  const Read r{"modules: {m: {prober: http, http: {enable_http3: false, proxy_from_environment: false}}}"};
  EXPECT_TRUE(r.errors.empty()) << r.said();
}

TEST(Blackbox, ErrorsStandWhereTheFileHasThemAlsoBehindDollars) {
  const Read r{"modules:\n  m: {prober: http, http: {headers: {X: '$$${1}$'}, oauth2: {}}}\n"};
  EXPECT_NE(r.said().find("/b.yml:2:61: "), std::string::npos) << r.said();
}

TEST(Blackbox, WritesTimesAndSizesAsGo) {
  EXPECT_EQ(core::parse_go_duration("1m30s"), seconds{90});
  EXPECT_EQ(core::parse_go_duration("1.5s"), milliseconds{1500});
  EXPECT_EQ(core::parse_go_duration("0"), Duration{});
  EXPECT_FALSE(core::parse_go_duration("5"));
  EXPECT_FALSE(core::parse_go_duration("s"));
  EXPECT_FALSE(core::parse_go_duration(""));
  EXPECT_EQ(parse_go_bytes("0"), 0);
  EXPECT_EQ(parse_go_bytes("10MB"), 10 << 20);
  EXPECT_EQ(parse_go_bytes("1.5KiB"), 1536);
  EXPECT_EQ(parse_go_bytes("7B"), 7);
  EXPECT_FALSE(parse_go_bytes("MB"));
  EXPECT_FALSE(parse_go_bytes("5XB"));
}

TEST(Blackbox, TakesTheShorterOfModuleAndScrape) {
  const Duration offset = milliseconds{500};
  EXPECT_EQ(run_timeout("10", Duration{}, offset), milliseconds{9500});
  EXPECT_EQ(run_timeout("10", seconds{5}, offset), seconds{5});
  EXPECT_EQ(run_timeout("3", seconds{5}, offset), milliseconds{2500});
  EXPECT_EQ(run_timeout("", Duration{}, offset), milliseconds{119'500});
  EXPECT_EQ(run_timeout("", seconds{5}, offset), seconds{5});
  EXPECT_EQ(run_timeout("0.1", seconds{5}, offset), seconds{5}) << "as blackbox_exporter, when the offset eats it all";
  EXPECT_FALSE(run_timeout("soon", seconds{5}, offset));
  EXPECT_FALSE(run_timeout("-1", seconds{5}, offset));
}

struct Targets : testing::Test {
  Read r{
      "modules: {h: {prober: http}, named: {prober: http, http: {headers: {host: a.example.com}}}, t: {prober: tcp},\n"
      "  d: {prober: dns, dns: {query_name: example.com}}}\n"};
  std::string url(std::string_view module, std::string target, std::string hostname = {}) {
    const auto entry =
        entry_of(*r.modules.find(module),
                 {.target = std::move(target), .hostname = std::move(hostname), .timeout = seconds{5}}, r.files);
    return entry ? entry->target.url : entry.error().message;
  }
};

TEST_F(Targets, BecomeUrls) {
  EXPECT_EQ(url("h", "shop.example.com/x?y=1"), "http://shop.example.com/x?y=1");
  EXPECT_EQ(url("h", "https://shop.example.com"), "https://shop.example.com");
  EXPECT_EQ(url("t", "db.example.com:5432"), "tcp://db.example.com:5432");
  EXPECT_EQ(url("t", "[::1]:25"), "tcp://[::1]:25");
  EXPECT_EQ(url("d", "192.0.2.1"), "dns://192.0.2.1:53/example.com");
  EXPECT_EQ(url("d", "[2001:db8::1]:5353"), "dns://[2001:db8::1]:5353/example.com");
  EXPECT_EQ(url("d", "2001:db8::1"), "dns://[2001:db8::1]:53/example.com");
}

TEST_F(Targets, ThatAreNoneAreToldFromRequestsThatContradictThemselves) {
  const auto code = [this](std::string_view module, std::string target, std::string hostname) {
    const auto entry =
        entry_of(*r.modules.find(module),
                 {.target = std::move(target), .hostname = std::move(hostname), .timeout = seconds{5}}, r.files);
    return entry ? std::optional<core::ErrorCode>{} : entry.error().code;
  };
  EXPECT_EQ(code("t", "db.example.com", ""), core::ErrorCode::kNotFound);
  EXPECT_EQ(code("t", ":80", ""), core::ErrorCode::kNotFound);
  EXPECT_EQ(code("t", "x:70000", ""), core::ErrorCode::kNotFound);
  EXPECT_EQ(code("h", "http://user:pass@x/", ""), core::ErrorCode::kNotFound) << "no secrets in URLs";
  EXPECT_EQ(code("named", "x", "b.example.com"), core::ErrorCode::kInvalid);
  EXPECT_FALSE(code("named", "x", "a.example.com"));
  EXPECT_FALSE(code("h", "x", "b.example.com"));
}

TEST_F(Targets, AnswerWithNamesOfBlackboxExporterAndDebugHidesSecrets) {
  const Read secrets{
      "modules: {m: {prober: http, http: {basic_auth: {username: u, password: hush}, headers: {Authorization: "
      "hush2}}}}"};
  const Module& module = secrets.modules.list.at(0);
  core::Target target;
  target.url = "http://x/";
  target.check = core::CheckKind::kHttp;
  core::Measurement m;
  m.outcome = core::failed(core::Stage::kHttp, core::Cause::kContentMismatch, "no");
  const std::string text = debug_text({module, target, m});
  EXPECT_NE(text.find("Logs for the probe:"), std::string::npos);
  EXPECT_NE(text.find("Metrics that would have been returned:"), std::string::npos);
  EXPECT_NE(text.find("Module configuration:"), std::string::npos);
  EXPECT_NE(text.find("probe_success 0"), std::string::npos);
  EXPECT_NE(text.find("username: u"), std::string::npos);
  EXPECT_EQ(text.find("hush"), std::string::npos) << text;
}

// docs/blackbox.md says of every key what becomes of it, in both languages.
TEST(Blackbox, TheDocumentationHasEveryKey) {
  const auto files = io::make_system_files();
  for (const char* page : {"/docs/blackbox.md", "/docs/blackbox.zh-CN.md"}) {
    const auto text = files->read_all(std::string{SONDE_SOURCE_DIR} + page, 1 << 20);
    ASSERT_TRUE(text) << page;
    for (const core::KeyTable* map : all_maps()) {
      for (const core::Key& key : map->keys) {
        const std::string row = "| `" + std::string{key.name} + "` | " +
                                (key.standard.empty() ? "" : "`" + std::string{key.standard} + "`") + " | ";
        EXPECT_NE(text->find(row), std::string::npos)
            << page << " lacks " << map->what << "." << key.name << ": " << row;
      }
    }
  }
}

}  // namespace
}  // namespace sonde::prober::blackbox
