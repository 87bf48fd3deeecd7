// Redirects: where they lead, what goes along, and what stops them (RELIABILITY H37 to H46).
#include "prober/checks/http_redirect.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/prober/check_bench.h"
#include "tests/unit/prober/route_server.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
namespace field = core::field;
using prober::follow;
using prober::HttpHopAsk;

HttpHopAsk ask_for(const std::string& url, const std::string& method = "GET") {
  return {.url = *core::parse_url(url), .method = method};
}

/// Where a redirect leads: "GET https://host/path", or the cause of the refusal.
std::string led_to(const std::string& from, const std::string& location, int status = 302,
                   const std::string& method = "GET") {
  const auto next = follow(ask_for(from, method), status, location);
  if (const auto* refused = std::get_if<core::Outcome>(&next)) return std::string{name(refused->cause)};
  const auto& ask = std::get<HttpHopAsk>(next);
  return ask.method + " " + prober::to_text(ask.url);
}

TEST(HttpRedirect, ReferencesAreResolvedAgainstTheUrl) {
  const std::string from = "https://a.test:8443/x/y/z?q=1";
  struct Case {
    const char* location;
    const char* url;
  };
  const std::vector<Case> cases = {{"http://b.test/p?a=b#frag", "http://b.test/p?a=b"},
                                   {"HTTPS://B.test", "https://b.test/"},
                                   {"//c.test:80/p", "https://c.test:80/p"},
                                   {"/abs", "https://a.test:8443/abs"},
                                   {"rel", "https://a.test:8443/x/y/rel"},
                                   {"../up", "https://a.test:8443/x/up"},
                                   {"../../../../up/.", "https://a.test:8443/up/"},
                                   {"./a/./b/../c", "https://a.test:8443/x/y/a/c"},
                                   {"?only=query", "https://a.test:8443/x/y/z?only=query"},
                                   {"#frag", "https://a.test:8443/x/y/z?q=1"},
                                   {"/with space/\xc3\xa9?\"q\"", "https://a.test:8443/with%20space/%C3%A9?%22q%22"},
                                   {"/a:b", "https://a.test:8443/a:b"},
                                   {"http://[2001:DB8::1]:81/", "http://[2001:db8::1]:81/"}};
  for (const Case& each : cases) {
    SCOPED_TRACE(each.location);
    EXPECT_EQ(led_to(from, each.location), std::string{"GET "} + each.url);
  }
}

TEST(HttpRedirect, MethodsChangeAsRfc9110Says) {
  struct Case {
    int status;
    const char* method;
    const char* next;
  };
  const std::vector<Case> cases = {{301, "POST", "GET"},     {302, "POST", "GET"},  {303, "POST", "GET"},
                                   {307, "POST", "POST"},    {308, "POST", "POST"}, {303, "PUT", "GET"},
                                   {302, "PUT", "PUT"},      {303, "HEAD", "HEAD"}, {301, "HEAD", "HEAD"},
                                   {308, "DELETE", "DELETE"}};
  for (const Case& each : cases) {
    SCOPED_TRACE(std::to_string(each.status) + each.method);
    EXPECT_EQ(led_to("http://a.test/", "/n", each.status, each.method), std::string{each.next} + " http://a.test/n");
  }
}

TEST(HttpRedirect, H39_OtherSchemesAreForbidden) {
  for (const char* location : {"file:///etc/passwd", "gopher://a.test/", "dict://a.test:11211/x", "javascript:alert(1)",
                               "ftp://a.test/", "tcp://a.test:1/", "data:text/html,x", "http://", "http://a b/",
                               "http://user:secret@a.test/", "http://a.test:99999/"}) {
    SCOPED_TRACE(location);
    EXPECT_EQ(led_to("http://a.test/", location), "redirect_forbidden");
  }
  EXPECT_EQ(led_to("http://a.test/", "/" + std::string(10'000, 'x')), "redirect_forbidden");
}

TEST(HttpRedirect, H41_NumbersThatBrowsersTakeForAddressesAreAddresses) {
  for (const char* host : {"2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518", "0xa9.254.0xa9.254"}) {
    SCOPED_TRACE(host);
    EXPECT_EQ(led_to("http://a.test/", std::string{"http://"} + host + "/"), "GET http://169.254.169.254/");
  }
  EXPECT_EQ(led_to("http://a.test/", "http://1.2.3.4.5/"), "GET http://1.2.3.4.5/");
  EXPECT_EQ(led_to("http://a.test/", "http://4294967296/"), "GET http://4294967296/");
}

TEST(HttpRedirect, H46_CredentialsGoOnlyToTheSameHost) {
  struct Case {
    const char* from;
    const char* location;
    bool kept;
  };
  const std::vector<Case> cases = {{"https://a.test/", "/n", true},
                                   {"https://a.test/", "https://b.test/", false},
                                   {"https://a.test/", "http://a.test/", false},
                                   {"http://a.test/", "https://a.test/", true},
                                   {"https://a.test/", "https://a.test:8443/", false},
                                   {"https://a.test/", "https://sub.a.test/", false}};
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string{each.from} + " " + each.location);
    const auto next = follow(ask_for(each.from), 302, each.location);
    EXPECT_EQ(std::get<HttpHopAsk>(next).with_credentials, each.kept);
  }
  HttpHopAsk lost = ask_for("https://b.test/");
  lost.with_credentials = false;
  EXPECT_FALSE(std::get<HttpHopAsk>(follow(lost, 302, "https://b.test/x")).with_credentials);
}

// ---- Whole runs

TEST(HttpRedirects, EachHopIsKeptWithItsPhasesAndTheSumsFitTheRun) {
  CheckBench bench;
  RouteServer server{bench.loop(), [](const std::string& request) {
                       const std::string line = request_line(request);
                       if (line == "GET /a") return redirect_to("/b?token=geheim", 301);
                       if (line == "GET /b?token=geheim") return redirect_to("c", 307);
                       return answer_with("hello");
                     }};
  const auto m = bench.run(server.url("/a", "app.test"), "request: {redirects: 5}\nexpect: {status: 200, body: hello}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), 2);
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 200);
  const auto hops = nlohmann::json::parse(text_of(m, field::kHttpHops));
  ASSERT_EQ(hops.size(), 3U);
  EXPECT_EQ(hops[0]["status"], 301);
  EXPECT_EQ(hops[1]["url"], server.url("/b?", "app.test"));
  EXPECT_EQ(hops[2]["url"], server.url("/c", "app.test"));
  double sum = 0;
  for (const auto* f :
       {&field::kResolveSeconds, &field::kConnectSeconds, &field::kProcessingSeconds, &field::kTransferSeconds}) {
    double of_hops = 0;
    const std::string phase{f->name.substr(0, f->name.find('_'))};
    for (const auto& hop : hops) of_hops += hop[phase].get<double>();
    EXPECT_NEAR(seconds_of(m, *f), of_hops, 5e-6) << phase;
    sum += seconds_of(m, *f);
  }
  EXPECT_LE(sum, seconds_of(m, field::kDurationSeconds));
}

TEST(HttpRedirects, WithoutRedirectsThereAreNoHops) {
  CheckBench bench;
  RouteServer server{bench.loop(), [](const std::string&) { return answer_with("x"); }};
  const auto m = bench.run(server.url("/"), "request: {redirects: 5}");
  EXPECT_EQ(summary(m), "ok done none");
  EXPECT_FALSE(has(m, field::kHttpHops));
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), 0);
}

TEST(HttpRedirects, H37_ALoopEndsAtOnce) {
  CheckBench bench;
  RouteServer server{bench.loop(), [](const std::string& request) {
                       return redirect_to(request_line(request) == "GET /a" ? "/b" : "/a");
                     }};
  const auto m = bench.run(server.url("/a"), "request: {redirects: 20}");
  EXPECT_EQ(summary(m), "fail http redirect_loop");
  EXPECT_EQ(server.requests().size(), 2U);
  EXPECT_NE(m.outcome.detail.find("/a"), std::string::npos);
}

TEST(HttpRedirects, H37_MoreThanAllowedIsSaidSo) {
  CheckBench bench;
  int n = 0;
  RouteServer server{bench.loop(), [&n](const std::string&) { return redirect_to("/" + std::to_string(++n)); }};
  const auto m = bench.run(server.url("/"), "request: {redirects: 3}");
  EXPECT_EQ(summary(m), "fail http too_many_redirects");
  EXPECT_EQ(server.requests().size(), 4U);
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), 3);
}

TEST(HttpRedirects, H38_WithoutLocationItIsAStatus) {
  CheckBench bench;
  RouteServer server{bench.loop(),
                     [](const std::string&) { return "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"; }};
  EXPECT_EQ(summary(bench.run(server.url("/"), "request: {redirects: 3}")), "fail http status");
  EXPECT_EQ(summary(bench.run(server.url("/"), "request: {redirects: 3}\nexpect: {status: 302}")), "ok done none");
}

TEST(HttpRedirects, H39_ToAFileIsForbidden) {
  CheckBench bench;
  RouteServer server{bench.loop(), [](const std::string&) { return redirect_to("file:///etc/passwd"); }};
  const auto m = bench.run(server.url("/"), "request: {redirects: 3}");
  EXPECT_EQ(summary(m), "fail http redirect_forbidden");
  EXPECT_EQ(integer_of(m, field::kHttpStatusCode), 302);
}

TEST(HttpRedirects, H40ToH43_InnerAddressesAreBlockedInEveryForm) {
  CheckBench bench;
  std::string host;
  RouteServer server{bench.loop(), [&host](const std::string&) { return redirect_to("http://" + host + "/latest/"); }};
  for (const char* each :
       {"169.254.169.254", "2852039166", "[::ffff:169.254.169.254]", "100.100.100.200", "169.254.0.23", "168.63.129.16",
        "[fd00:ec2::254]", "192.0.0.192", "169.254.170.2", "10.0.0.1", "[::1]"}) {
    SCOPED_TRACE(each);
    host = each;
    const auto m = bench.run(server.url("/"), "request: {redirects: 3}", 2s);
    EXPECT_EQ(summary(m), "fail http ssrf_blocked") << m.outcome.detail;
    EXPECT_FALSE(m.outcome.detail.empty());
  }
}

TEST(HttpRedirects, H44_ANameThatTurnsInwardIsBlocked) {
  CheckBench bench;
  // The first answer is what the policy allows; the next one points to a metadata service.
  DnsServer resolver{bench.loop(), [](const core::dns::Message& query, bool) {
                       const auto& q = query.questions.front();
                       const std::string address = q.name.starts_with("inner") ? "169.254.169.254" : "127.0.0.1";
                       return wire(reply_to(query, {record(q.name, q.type, address)}));
                     }};
  bench.context().resolver = io::parse_endpoint("127.0.0.1:" + std::to_string(resolver.port()), 53);
  RouteServer server{bench.loop(), [](const std::string&) { return redirect_to("http://inner.test/"); }};
  const auto m = bench.run(server.url("/", "outer.test"), "request: {redirects: 3}", 2s);
  EXPECT_EQ(summary(m), "fail http ssrf_blocked") << m.outcome.detail;
}

TEST(HttpRedirects, H46_SecretsStayWithTheirHost) {
  CheckBench bench;
  RouteServer other{bench.loop(), [](const std::string&) { return answer_with("x"); }};
  RouteServer server{bench.loop(), [&other](const std::string& request) {
                       return redirect_to(request_line(request) == "GET /" ? "/next" : other.url("/", "other.test"));
                     }};
  const auto m = bench.run(server.url("/", "app.test"),
                           "request: {redirects: 3, bearer: {token: '${SECRET}'}, "
                           "headers: {X-Api-Key: k1, Cookie: c=1, Host: other.name, X-Plain: p}}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  ASSERT_EQ(server.requests().size(), 2U);
  ASSERT_EQ(other.requests().size(), 1U);
  for (const char* line : {"Authorization: Bearer geheim\r\n", "X-Api-Key: k1\r\n", "Cookie: c=1\r\n",
                           "Host: other.name\r\n", "X-Plain: p\r\n"}) {
    EXPECT_NE(server.requests()[1].find(line), std::string::npos) << line;
  }
  for (const char* part : {"geheim", "k1", "c=1", "other.name"}) {
    EXPECT_EQ(other.requests()[0].find(part), std::string::npos) << part;
  }
  EXPECT_NE(other.requests()[0].find("X-Plain: p\r\n"), std::string::npos);
}

TEST(HttpRedirects, ABodyGoesAlongOnlyWhereTheMethodDoes) {
  CheckBench bench;
  RouteServer server{bench.loop(), [](const std::string& request) {
                       const std::string line = request_line(request);
                       if (line == "POST /") return redirect_to("/again", 307);
                       if (line == "POST /again") return redirect_to("/see", 303);
                       return answer_with("done");
                     }};
  const auto m = bench.run(server.url("/"),
                           "request: {method: POST, body: 'a=b', redirects: 5, headers: {Content-Type: text/plain}}");
  EXPECT_EQ(summary(m), "ok done none") << m.outcome.detail;
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_TRUE(server.requests()[1].ends_with("\r\n\r\na=b"));
  EXPECT_TRUE(server.requests()[2].starts_with("GET /see "));
  EXPECT_EQ(server.requests()[2].find("Content-"), std::string::npos);
}

TEST(HttpRedirects, AHopThatFailsKeepsItsStageAndSaysWhichItIs) {
  CheckBench bench;
  const int closed = free_port();
  RouteServer server{bench.loop(), [closed](const std::string&) {
                       return redirect_to("http://127.0.0.1:" + std::to_string(closed) + "/");
                     }};
  const auto m = bench.run(server.url("/"), "request: {redirects: 3}");
  EXPECT_EQ(summary(m), "fail tcp refused");
  EXPECT_TRUE(m.outcome.detail.starts_with("hop 2, 127.0.0.1:" + std::to_string(closed))) << m.outcome.detail;
  EXPECT_EQ(nlohmann::json::parse(text_of(m, field::kHttpHops)).size(), 2U);
  EXPECT_FALSE(has(m, field::kHttpStatusCode)) << "the answer of an earlier hop is not this one's";
}

TEST(HttpRedirects, ASlowHopEndsAtTheDeadlineOfTheRun) {
  CheckBench bench;
  ScriptedServer silent{bench.loop(), {.wait_for = "\r\n\r\n", .say = "", .then = Script::Then::kKeepOpen}};
  RouteServer server{bench.loop(), [&silent](const std::string&) { return redirect_to(silent.url("http", "/")); }};
  const auto m = bench.run(server.url("/"), "request: {redirects: 3}", 200ms);
  EXPECT_EQ(summary(m), "fail http timeout");
  EXPECT_LE(seconds_of(m, field::kDurationSeconds), 0.250);
  EXPECT_EQ(integer_of(m, field::kHttpRedirects), -1);
}

}  // namespace
}  // namespace sonde::test
