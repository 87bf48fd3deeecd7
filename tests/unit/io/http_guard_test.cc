// Where a server may listen, and what shared guards refuse. The hub's guard test has the rows for tokens and hosts.
#include "io/http_guard.h"

#include <gtest/gtest.h>

#include "tests/support/sim_files.h"

namespace sonde::io {
namespace {

TEST(HttpGuard, KnowsLoopbackByAddressNotBySpelling) {
  EXPECT_TRUE(is_loopback("127.0.0.1"));
  EXPECT_TRUE(is_loopback("127.9.9.9"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("127.example.com"));
  EXPECT_FALSE(is_loopback("0.0.0.0"));
  EXPECT_FALSE(is_loopback("128.0.0.1"));
}

TEST(HttpGuard, ReadsWhereToListen) {
  const auto ip6 = parse_listen("[::1]:9000");
  ASSERT_TRUE(ip6);
  EXPECT_EQ(ip6->address, "::1");
  EXPECT_EQ(ip6->port, 9000);
  EXPECT_EQ(parse_listen("localhost:1")->address, "127.0.0.1");
  for (const char* bad : {"9115", ":9115", "host.example.com:1", "::1:80", "127.0.0.1:65536", "127.0.0.1:"}) {
    EXPECT_FALSE(parse_listen(bad)) << bad;
  }
}

TEST(HttpGuard, ReadsTokensOnePerLine) {
  EXPECT_EQ(parse_tokens("# tokens\n alpha \r\n\nbeta"), (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_TRUE(parse_tokens("\n# nothing\n").empty());
}

TEST(HttpGuard, RefusesTokenFilesThatProtectNothing) {
  sonde::test::SimFiles files;
  files.set_contents("/good", "alpha\n");
  files.set_contents("/empty", "# none\n");
  files.set_contents("/open", "alpha\n");
  files.share("/open");
  ASSERT_TRUE(read_tokens(files, "/good"));
  EXPECT_EQ(read_tokens(files, "/good")->front(), "alpha");
  EXPECT_NE(read_tokens(files, "/empty").error().message.find("no token"), std::string::npos);
  EXPECT_NE(read_tokens(files, "/open").error().message.find("chmod 600"), std::string::npos);
  EXPECT_NE(read_tokens(files, "/missing").error().message.find("cannot be read"), std::string::npos);
}

// An open relay must not be driven by any page that a browser on this machine happens to show.
TEST(HttpGuard, RefusesReadsOfForeignPagesWhereReadingHasEffects) {
  const HttpGuard guard{{.guard_reads = true}};
  const auto get = [&guard](const char* site) {
    ServerRequest request{.method = "GET",
                          .path = "/probe",
                          .query = {},
                          .headers = {{"host", "127.0.0.1:9115"}},
                          .body = {},
                          .peer = {}};
    if (*site != '\0') request.headers.emplace_back("sec-fetch-site", site);
    const auto refusal = guard.refuse(request);
    return refusal ? refusal->status : 200;
  };
  EXPECT_EQ(get(""), 200);
  EXPECT_EQ(get("none"), 200);
  EXPECT_EQ(get("same-origin"), 200);
  EXPECT_EQ(get("cross-site"), 403);
  EXPECT_EQ(get("same-site"), 403);
}

}  // namespace
}  // namespace sonde::io
