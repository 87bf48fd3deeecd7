// The hub's configuration: what is read and what is refused.
#include "hub/config.h"

#include <gtest/gtest.h>

namespace sonde::hub {
namespace {

struct Read {
  HubConfig config;
  core::ConfigErrors errors;
};

Read read(std::string_view yaml) {
  Read r;
  const core::ConfigNode node = core::parse_yaml(yaml, "hub.yaml", nullptr, r.errors);
  r.config = read_hub_config(node, r.errors);
  return r;
}

TEST(HubConfig, ReadsEveryKey) {
  const Read r = read(
      "listen: '[::1]:9000'\ndirectory: /var/lib/sonde\nround: 5s\nretention: 2d\ntoken_file: /run/token\n"
      "allow_hosts: [sonde.example.com]\n");
  EXPECT_TRUE(r.errors.empty()) << r.errors.to_string();
  EXPECT_EQ(r.config.address, "::1");
  EXPECT_EQ(r.config.port, 9000);
  EXPECT_EQ(r.config.directory, "/var/lib/sonde");
  EXPECT_EQ(r.config.round, std::chrono::seconds{5});
  EXPECT_EQ(r.config.retention, std::chrono::hours{48});
  EXPECT_EQ(r.config.token_file, "/run/token");
  EXPECT_EQ(r.config.allow_hosts, std::vector<std::string>{"sonde.example.com"});
}

TEST(HubConfig, ListensOnLoopbackByDefault) {
  const Read r = read("{}");
  EXPECT_TRUE(r.errors.empty()) << r.errors.to_string();
  EXPECT_EQ(r.config.address, "127.0.0.1");
  EXPECT_EQ(r.config.port, 8686);
}

TEST(HubConfig, RefusesAPublicAddressWithoutATokenAndSaysSo) {
  for (const char* listen : {"0.0.0.0:8686", "'[::]:8686'", "192.0.2.1:80"}) {
    SCOPED_TRACE(listen);
    const Read r = read(std::string{"listen: "} + listen + "\n");
    EXPECT_NE(r.errors.to_string().find("token_file"), std::string::npos) << r.errors.to_string();
    const Read with_token = read(std::string{"listen: "} + listen + "\ntoken_file: t\n");
    EXPECT_TRUE(with_token.errors.empty()) << with_token.errors.to_string();
  }
}

TEST(HubConfig, RefusesMistakesWithTheirPlace) {
  for (const char* yaml :
       {"listen: 8686\n", "listen: hub.example.com:8686\n", "listen: 127.0.0.1:99999\n", "listen: '::1:80:'\n",
        "round: 10\n", "round: 1ms\n", "retention: forever\n", "lisen: x\n"}) {
    SCOPED_TRACE(yaml);
    const Read r = read(yaml);
    EXPECT_FALSE(r.errors.empty());
    EXPECT_TRUE(r.errors.to_string().starts_with("hub.yaml:1:")) << r.errors.to_string();
  }
}

}  // namespace
}  // namespace sonde::hub
