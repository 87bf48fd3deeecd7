// Reading of single answers: what is not exactly a name or a token is nothing.
#include "prober/metadata_answer.h"

#include <gtest/gtest.h>

#include "tests/unit/config/bench.h"

namespace sonde::test {
namespace {

using prober::kWholeBody;
using prober::name_in;

TEST(MetadataAnswer, NamesAreTakenOutOfTheirWrappings) {
  EXPECT_EQ(name_in("us-east-1", kWholeBody), "us-east-1");
  EXPECT_EQ(name_in(" EWR\r\n", kWholeBody), "ewr");
  EXPECT_EQ(name_in("\"cn-north-1\"", kWholeBody), "cn-north-1");
  EXPECT_EQ(name_in("projects/1/zones/us-central1-a", kWholeBody), "us-central1-a");
  EXPECT_EQ(name_in(R"({"a":{"b":["x-1"]}})", "/a/b/0"), "x-1");
}

TEST(MetadataAnswer, WhatIsNoNameIsNothing) {
  for (const std::string& body :
       {std::string{}, std::string{"   "}, std::string{"<html>"}, std::string{"us east"}, std::string{"-x"},
        std::string{"a\nb"}, std::string{"a\0b", 3}, std::string{"\x1b[31m"}, std::string{"北京"}, std::string(41, 'a'),
        std::string{"../etc"}, std::string{"a_b"}}) {
    EXPECT_EQ(name_in(body, kWholeBody), std::nullopt) << body;
  }
}

TEST(MetadataAnswer, AJsonPointerLeadsToATextOrToNothing) {
  for (const char* body : {"", "{", "null", "[]", R"({"region":1})", R"({"region":null})", R"({"region":{"x":"y"}})",
                           R"({"region":"no name"})", R"({"other":"x"})", R"("us-east-1")"}) {
    EXPECT_EQ(name_in(body, "/region"), std::nullopt) << body;
  }
  std::string deep = R"({"region":"x","a":)";
  for (int i = 0; i < 10'000; ++i) deep += '[';
  for (int i = 0; i < 10'000; ++i) deep += ']';
  EXPECT_EQ(name_in(deep + "}", "/region"), std::nullopt);
}

TEST(MetadataAnswer, ATokenCanStandInAHeader) {
  const prober::MetadataToken whole{.path = "/t"};
  EXPECT_EQ(token_in("abc+/==\n", whole), "abc+/==");
  for (const std::string& body : {std::string{}, std::string{"a b"}, std::string{"a\r\nX: y"}, std::string(4097, 'a'),
                                  std::string{"<html> <body>"}, std::string{"\xff"}}) {
    EXPECT_EQ(token_in(body, whole), std::nullopt) << body;
  }
  const prober::MetadataToken json{.path = "/t", .pointer = "/access_token"};
  EXPECT_EQ(token_in(R"({"access_token":"x.y"})", json), "x.y");
  EXPECT_EQ(token_in(R"({"access_token":7})", json), std::nullopt);
}

TEST(MetadataAnswer, AZoneTellsItsRegion) {
  core::ConfigErrors errors;
  const prober::Catalogue& clouds = catalogue().read(errors);
  const auto region = [&clouds](std::string_view provider, const std::string& zone) {
    const auto place = prober::place_of(clouds, {&provider, 1}, "", zone);
    return place ? place->region + (place->place ? "" : " (unknown)") : "nothing";
  };
  EXPECT_EQ(region("gcp", "us-east1-b"), "us-east1");
  EXPECT_EQ(region("gcp", "europe-west10-c"), "europe-west10");  // not europe-west1
  EXPECT_EQ(region("aws", "us-east-1f"), "us-east-1");
  EXPECT_EQ(region("hetzner", "fsn1-dc14"), "fsn1");
  EXPECT_EQ(region("ibm", "eu-de-3"), "eu-de");
  EXPECT_EQ(region("scaleway", "nl-ams-2"), "nl-ams");
  EXPECT_EQ(region("gcp", "moon-west1-a"), "moon-west1 (unknown)");
  EXPECT_EQ(region("gcp", "us-east17-b"), "us-east17 (unknown)");  // not us-east1
  EXPECT_EQ(region("gcp", ""), "nothing");
}

}  // namespace
}  // namespace sonde::test
