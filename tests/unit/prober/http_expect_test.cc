// What an http target may expect and ask: reading the maps, and judging by them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "prober/checks/http_date.h"
#include "prober/checks/http_spec.h"
#include "tests/support/both_languages.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using prober::HttpSpec;

struct Variables final : core::VariableLookup {
  [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override {
    return variable == "SECRET" ? std::optional<std::string>{"geheim"} : std::nullopt;
  }
};

struct Parsed {
  std::unique_ptr<const prober::CheckSpec> spec;
  core::ConfigErrors errors;
  [[nodiscard]] const HttpSpec& http() const { return static_cast<const HttpSpec&>(*spec); }
};

Parsed parse(const std::string& yaml, const std::string& url = "https://a.test/") {
  Parsed out;
  core::Target target;
  target.url = url;
  const Variables variables;
  const auto files = io::make_system_files();
  const core::ConfigNode node = core::parse_yaml(yaml, "t.yaml", &variables, out.errors);
  out.spec = prober::parse_http_spec(
      target, {.expect = node.find("expect"), .request = node.find("request"), .files = files.get()}, out.errors);
  return out;
}

/// The cause that a 200 answer with these headers and body ends in.
std::string judged(const std::string& expect, const std::string& body,
                   std::vector<std::pair<std::string, std::string>> headers = {}, bool tls = true) {
  const Parsed parsed = parse("expect: " + expect);
  EXPECT_TRUE(parsed.errors.empty()) << parsed.errors.to_string();
  io::HttpResponse r;
  r.status = 200;
  r.version = "1.1";
  r.headers = std::move(headers);
  r.body = body;
  return std::string{name(prober::judge_http(parsed.http().expect, r, tls).cause)};
}

TEST(HttpExpect, BodyRulesMustAllHold) {
  EXPECT_EQ(judged("{body_matches: ['^he', 'lo$']}", "hello"), "none");
  EXPECT_EQ(judged("{body_matches: ['^he', 'x']}", "hello"), "content_mismatch");
  EXPECT_EQ(judged("{body_matches: l+}", "hello"), "none");
  EXPECT_EQ(judged("{body_not_matches: ['x', 'lo']}", "hello"), "content_mismatch");
  EXPECT_EQ(judged("{body_not_matches: ['x', 'y']}", "hello"), "none");
  EXPECT_EQ(judged("{body_matches: ['(?i)HELLO']}", std::string("\xff\0hello", 7)), "none");
}

TEST(HttpExpect, HeaderRules) {
  const std::vector<std::pair<std::string, std::string>> two = {{"server", "a"}, {"server", "b"}};
  EXPECT_EQ(judged("{header_matches: [{name: Server, regex: '^b$'}]}", "", two), "none");
  EXPECT_EQ(judged("{header_matches: [{name: Server, regex: '^c$'}]}", "", two), "header_mismatch");
  EXPECT_EQ(judged("{header_matches: [{name: X-None, regex: a}]}", "", two), "header_mismatch");
  EXPECT_EQ(judged("{header_matches: [{name: X-None, regex: a, allow_missing: true}]}", "", two), "none");
  EXPECT_EQ(judged("{header_not_matches: [{name: server, regex: '^b$'}]}", "", two), "header_mismatch");
  EXPECT_EQ(judged("{header_not_matches: [{name: server, regex: '^c$'}]}", "", two), "none");
  EXPECT_EQ(judged("{header_not_matches: [{name: x-none, regex: a}]}", "", two), "header_mismatch");
  EXPECT_EQ(judged("{header_not_matches: [{name: x-none, regex: a, allow_missing: true}]}", "", two), "none");
}

TEST(HttpExpect, JsonAssertions) {
  const std::string body =
      R"({"status": "up", "n": 3, "ratio": 0.25, "ok": true, "none": null, "items": [{"id": "a/b"}, {"id": 2}], "a/b": {"~x": 1}})";
  struct Case {
    const char* rule;
    bool holds;
  };
  const std::vector<Case> cases = {{"{pointer: /status, equals: up}", true},
                                   {"{pointer: /status, equals: down}", false},
                                   {"{pointer: /status, not_equals: down}", true},
                                   {"{pointer: /missing, not_equals: down}", false},
                                   {"{pointer: /n, equals: 3}", true},
                                   {"{pointer: /n, equals: 3.0}", true},
                                   {"{pointer: /n, equals: \"3\"}", false},
                                   {"{pointer: /ok, equals: true}", true},
                                   {"{pointer: /none, equals: null}", true},
                                   {"{pointer: /none, exists: true}", true},
                                   {"{pointer: /missing, exists: false}", true},
                                   {"{pointer: /missing, exists: true}", false},
                                   {"{pointer: /missing}", false},
                                   {"{pointer: /n, less: 4, greater: 2}", true},
                                   {"{pointer: /n, less: 3}", false},
                                   {"{pointer: /n, less_or_equal: 3, greater_or_equal: 3}", true},
                                   {"{pointer: /n, greater_or_equal: 3.5}", false},
                                   {"{pointer: /ratio, less: 1}", true},
                                   {"{pointer: /status, less: 4}", false},
                                   {"{pointer: /items, length: 2}", true},
                                   {"{pointer: /items, length: 3}", false},
                                   {"{pointer: /status, length: 2}", true},
                                   {"{pointer: /n, length: 1}", false},
                                   {"{pointer: /items/1/id, equals: 2}", true},
                                   {"{pointer: /items/01/id, equals: 2}", false},
                                   {"{pointer: /items/-/id, exists: false}", true},
                                   {"{pointer: /items/0/id, matches: '^a/'}", true},
                                   {"{pointer: /items/1/id, matches: '2'}", false},
                                   {"{pointer: /a~1b/~0x, equals: 1}", true},
                                   {"{pointer: '', length: 7}", true}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.rule);
    EXPECT_EQ(judged(std::string{"{json: ["} + each.rule + "]}", body), each.holds ? "none" : "content_mismatch");
  }
  EXPECT_EQ(judged("{json: [{pointer: /a}]}", "not json"), "content_mismatch");
  EXPECT_EQ(judged("{json: [{pointer: /a}]}", ""), "content_mismatch");
  EXPECT_EQ(judged("{json: [{pointer: /0, exists: false}]}", std::string(900'000, '[')), "content_mismatch");
  EXPECT_EQ(judged("{json: [{pointer: /0, equals: \"[\\\"{\"}]}", "[\"[\\\"{\"]"), "none");
}

TEST(HttpExpect, VersionAndTls) {
  EXPECT_EQ(judged("{version: ['1.1', '2']}", ""), "none");
  EXPECT_EQ(judged("{version: ['2']}", ""), "version_mismatch");
  EXPECT_EQ(judged("{tls: required}", ""), "none");
  EXPECT_EQ(judged("{tls: forbidden}", ""), "scheme_mismatch");
  EXPECT_EQ(judged("{tls: required}", "", {}, false), "scheme_mismatch");
  EXPECT_EQ(judged("{tls: forbidden}", "", {}, false), "none");
}

TEST(HttpExpect, ABodyThatWasNotDecodedSaysSo) {
  const Parsed parsed = parse("expect: {body: hello}");
  io::HttpResponse r;
  r.status = 200;
  r.headers = {{"content-encoding", "gzip"}};
  const auto outcome = prober::judge_http(parsed.http().expect, r, true);
  EXPECT_NE(outcome.detail.find("Content-Encoding: gzip"), std::string::npos) << outcome.detail;
}

TEST(HttpConfig, MistakesAreErrorsWhereTheyStand) {
  struct Case {
    const char* yaml;
    const char* message;
  };
  const std::vector<Case> cases = {
      {"expect: {body_matches: ['a(']}", "t.yaml:1:25: not a regular expression (RE2)"},
      {"expect: {header_matches: [{name: a}]}", "header rule needs \"regex\""},
      {"expect: {header_matches: [{name: 'a b', regex: x}]}", "this is no header name"},
      {"expect: {header_matches: [{name: a, regex: x, missing: true}]}", "unknown key \"missing\""},
      {"expect: {json: [{pointer: a}]}", "not a JSON pointer"},
      {"expect: {json: [{pointer: /a~2}]}", "not a JSON pointer"},
      {"expect: {json: [{equals: 1}]}", "json needs \"pointer\""},
      {"expect: {json: [{pointer: /a, equals: [1]}]}", "expected a number, a text, true, false or null"},
      {"expect: {json: [{pointer: /a, matches: '['}]}", "not a regular expression"},
      {"expect: {json: {pointer: /a}}", "json is a list"},
      {"expect: {version: ['3']}", "\"3\" is no HTTP version"},
      {"expect: {tls: maybe}", "allowed: required, forbidden"},
      {"expect: {body_bytes_max: 1GiB}", "expected a size from 0 to 64MiB"},
      {"request: {method: get}", "a word in capitals"},
      {"request: {method: 'A B'}", "a word in capitals"},
      {"request: {method: CONNECT}", "see proxy"},
      {"request: {method: HEAD, body: x}", "HEAD sends no body"},
      {"request: {headers: {A: \"b\\nc\"}}", "holds no line breaks"},
      {"request: {body: a, body_file: /x}", "body or body_file, not both"},
      {"request: {body_file: /nonexistent}", "/nonexistent"},
      {"request: {version: 3}", "allowed: auto, 1.1, 2"},
      {"request: {redirects: 21}", "from 0 to 20"},
      {"request: {compression: [gzip, lzma]}", "compression is none, or a list"},
      {"request: {compression: [none, gzip]}", "compression is none, or a list"},
      {"request: {basic_auth: {username: a, password: literal}}", "a secret does not stand in the configuration"},
      {"request: {basic_auth: {username: 'a:b', password: '${SECRET}'}}", "no colon"},
      {"request: {basic_auth: {password: '${SECRET}'}}", "basic_auth needs \"username\""},
      {"request: {bearer: {token: literal}}", "a secret does not stand in the configuration"},
      {"request: {bearer: {}}", "bearer needs \"token\" or \"token_file\""},
      {"request: {bearer: {token: '${SECRET}', token_file: /x}}", "not both"},
      {"request: {bearer: {token_file: /nonexistent}}", "the secret file /nonexistent cannot be read"},
      {"request: {bearer: {token: '${SECRET}'}, basic_auth: {username: a}}", "basic_auth or bearer, not both"},
      {"request: {bearer: {token: '${SECRET}'}, headers: {authorization: x}}", "comes from basic_auth or bearer"},
      {"request: {proxy: {url: 'https://p:1'}}", "a proxy is http://HOST:PORT"},
      {"request: {proxy: {url: 'http://p:1/path'}}", "a proxy is http://HOST:PORT"},
      {"request: {proxy: {url: 'http://p:1', password: '${SECRET}'}}", "a password needs a username"}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.yaml);
    const Parsed parsed = parse(each.yaml);
    EXPECT_EQ(in_one_language(parsed.errors), "");
    EXPECT_NE(parsed.errors.to_string().find(each.message), std::string::npos) << parsed.errors.to_string();
  }
}

TEST(HttpConfig, SecretsComeFromVariablesAndPrivateFiles) {
  EXPECT_EQ(parse("request: {basic_auth: {username: Aladdin, password: '${SECRET}'}}").http().ask.authorization,
            "Basic QWxhZGRpbjpnZWhlaW0=");
  EXPECT_EQ(parse("request: {bearer: {token: 'a-${SECRET}'}}").http().ask.authorization, "Bearer a-geheim");
  const TempDir dir;
  const std::string path = dir.file("token");
  std::ofstream{path} << "from file\n";
  ::chmod(path.c_str(), 0600);
  EXPECT_EQ(parse("request: {bearer: {token_file: '" + path + "'}}").http().ask.authorization, "Bearer from file");
  ::chmod(path.c_str(), 0644);
  const Parsed open = parse("request: {bearer: {token_file: '" + path + "'}}");
  EXPECT_NE(open.errors.to_string().find("may be read by others"), std::string::npos);
}

TEST(HttpConfig, ABodyMayComeFromAFile) {
  const TempDir dir;
  std::ofstream{dir.file("body")} << "line one\nline two\n";
  const Parsed parsed = parse("request: {method: POST, body_file: '" + dir.file("body") + "'}");
  EXPECT_TRUE(parsed.errors.empty()) << parsed.errors.to_string();
  EXPECT_EQ(parsed.http().ask.body, "line one\nline two\n");
}

TEST(HttpDate, ReadsTheOneForm) {
  const auto t = prober::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(t);
  EXPECT_EQ(core::to_unix_ms(*t), 784111777000);
  for (const char* bad :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 9999 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC"}) {
    EXPECT_FALSE(prober::parse_http_date(bad)) << bad;
  }
}

}  // namespace
}  // namespace sonde::test
