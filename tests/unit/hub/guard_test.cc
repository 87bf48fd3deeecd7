// Who may ask: Host, Origin, tokens.
#include "hub/guard.h"

#include <gtest/gtest.h>

namespace sonde::hub {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

int status(const Guard& guard, std::string method, std::string path, Headers headers) {
  const auto refused = guard.refuse({.method = std::move(method),
                                     .path = std::move(path),
                                     .query = {},
                                     .headers = std::move(headers),
                                     .body = {},
                                     .peer = {}});
  return refused ? refused->status : 200;
}

TEST(Guard, AnswersOnlyToItsOwnNamesOnLoopback) {
  const Guard guard{HubConfig{.allow_hosts = {"Sonde.Example.com"}}, {}};
  for (const char* host : {"127.0.0.1:8686", "localhost", "LOCALHOST:9999", "[::1]:8686", "sonde.example.com:443"}) {
    EXPECT_EQ(status(guard, "GET", "/", {{"host", host}}), 200) << host;
  }
  for (const char* host : {"evil.example.com", "evil.example.com:8686", "127.0.0.1.evil.com", "", "localhost.evil.com",
                           "[::1].evil.com", "127.0.0.1@evil.com"}) {
    EXPECT_EQ(status(guard, "GET", "/api/v1/overview", {{"host", host}}), 421) << host;
  }
}

TEST(Guard, LetsPagesOfItsOwnOriginWriteOnly) {
  const Guard guard{HubConfig{}, {}};
  const auto write = [&guard](Headers more) {
    more.emplace_back("host", "localhost:8686");
    return status(guard, "POST", "/write", std::move(more));
  };
  EXPECT_EQ(write({}), 200);
  EXPECT_EQ(write({{"origin", "http://localhost:8686"}}), 200);
  EXPECT_EQ(write({{"origin", "http://localhost:9999"}}), 403);
  EXPECT_EQ(write({{"origin", "https://evil.example.com"}}), 403);
  EXPECT_EQ(write({{"origin", "null"}}), 403);
  EXPECT_EQ(write({{"sec-fetch-site", "cross-site"}}), 403);
}

TEST(Guard, AsksForAToken) {
  const Guard guard{HubConfig{.address = "0.0.0.0", .token_file = "t"}, {"alpha", "beta"}};
  const auto with = [&guard](const char* authorization, const char* path = "/api/v1/overview") {
    return status(guard, "GET", path, {{"host", "any.example.com"}, {"authorization", authorization}});
  };
  EXPECT_EQ(with("Token alpha"), 200);
  EXPECT_EQ(with("Bearer beta"), 200);
  EXPECT_EQ(with("bearer beta"), 200);
  EXPECT_EQ(with("Basic dXNlcjphbHBoYQ=="), 200);  // user:alpha
  EXPECT_EQ(with("Basic dXNlcjpnYW1tYQ=="), 401);  // user:gamma
  EXPECT_EQ(with("Basic ?"), 401);
  EXPECT_EQ(with("Token alph"), 401);
  EXPECT_EQ(with("Token alpha "), 401);
  EXPECT_EQ(with("Token "), 401);
  EXPECT_EQ(with("alpha"), 401);
  EXPECT_EQ(with(""), 401);
  EXPECT_EQ(with("", "/-/healthy"), 200);
  EXPECT_EQ(with("", "/-/ready"), 200);
  EXPECT_EQ(with("", "/write"), 401);
}

}  // namespace
}  // namespace sonde::hub
