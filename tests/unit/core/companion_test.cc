// How a hub asks a prober for companions: names that need escaping, nonsense, and too many.
#include "core/companion.h"

#include <gtest/gtest.h>

#include "core/percent.h"

namespace sonde::core {
namespace {

TEST(Percent, Decodes) {
  EXPECT_EQ(percent_decode("a%20b%2Fc+d", false), "a b/c+d");
  EXPECT_EQ(percent_decode("a+b%2b", true), "a b+");
  for (const char* bad : {"%", "%1", "%zz", "a%2", "%00", "%-1"})
    EXPECT_EQ(percent_decode(bad, false), std::nullopt) << bad;
  EXPECT_EQ(percent_decode(std::string_view("a\0b", 3), false), std::nullopt);
}

TEST(Percent, WhatWasEncodedDecodes) {
  for (const char* text : {"", "plain-._~", "a b/c,d%", "杭州", "\n\x7f"}) {
    EXPECT_EQ(percent_decode(percent_encode(text), false), text);
  }
  EXPECT_EQ(percent_encode("a/b,c%"), "a%2Fb%2Cc%25");
}

TEST(Companion, AsksComeBackAsTheyWere) {
  const std::vector<CompanionAsk> asks{{"ct-beijing", "aws-us-east-1-s3", CompanionKind::kSecondResolver},
                                       {"a, b/c", "100% 杭州\r\nX: y", CompanionKind::kLastAddress},
                                       {"v", "t", CompanionKind::kPlainPort}};
  const std::string text = write_asks(asks);
  EXPECT_EQ(text.find_first_of("\r\n"), std::string::npos);
  EXPECT_EQ(read_asks(text), asks);
  EXPECT_EQ(write_asks({}), "");
}

TEST(Companion, WhatCannotBeReadIsLeftOut) {
  EXPECT_TRUE(read_asks("").empty());
  for (const char* bad : {"v/second_resolver", "v/nonsense/t", "/second_resolver/t", "v/second_resolver/", ",,,",
                          "v/%zz/t", "v/second_resolver/a/b", "%/plain_port/t"}) {
    EXPECT_TRUE(read_asks(bad).empty()) << bad;
  }
  const std::vector<CompanionAsk> good{{"v", "t", CompanionKind::kPlainPort}};
  EXPECT_EQ(read_asks("nonsense, v/plain_port/t ,"), good);
}

TEST(Companion, NoMoreThanAHeaderMayHold) {
  const std::vector<CompanionAsk> many(100, CompanionAsk{"v", "t", CompanionKind::kLastAddress});
  const std::string text = write_asks(many);
  EXPECT_EQ(read_asks(text).size(), kAsksInHeaderMax);
  EXPECT_EQ(read_asks(text + ", " + text).size(), kAsksInHeaderMax) << "another hub may write more";
}

}  // namespace
}  // namespace sonde::core
