// Reading a prober's configuration against a catalogue that stands in the test.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "io/files.h"
#include "prober/config.h"
#include "prober/config_keys.h"
#include "tests/support/both_languages.h"
#include "tests/support/temp_dir.h"

namespace sonde::test {

class TextCatalogue final : public prober::CatalogueSource {
 public:
  std::map<std::string, std::string, std::less<>> files = {{"aws.yaml", R"(
provider: aws
regions:
  - {name: us-east-1, city: Ashburn, country: US, partition: overseas, lat: 39.0, lon: -77.5, status: ga, endpoints: [
      {service: object-storage, url: "https://s3.example/", status: [307], sure: sourced},
      {service: kv, url: "https://kv.example/ping", status: [200], sure: sourced},
      {service: compute-api, url: "https://ec2.example/ping", status: [200], sure: recalled}]}
  - {name: cn-north-1, city: Beijing, country: CN, partition: domestic, status: restricted, endpoints: [
      {service: kv, url: "https://kv.cn.example/ping", status: [200], sure: sourced}]}
global:
  - {service: auth, partition: overseas, url: "https://signin.example/", status: [200], method: HEAD, sure: recalled}
)"},
                                                           {"alibaba.yaml", R"(
provider: alibaba
aliases: [aliyun, ali]
regions:
  - {name: cn-hangzhou, city: Hangzhou, country: CN, partition: domestic, status: ga, endpoints: [
      {service: object-storage, url: "https://oss.example/", status: [403], sure: sourced}]}
global:
  - {service: dns, partition: domestic, url: "dns://ns1.example:53/example.com?type=SOA", rcode: NOERROR}
)"},
                                                           {"controls.yaml", R"(
controls:
  - {name: near, url: "http://near.example/204", status: [204], partition: overseas, operator: X}
  - {name: near-2, url: "https://near.example/204", status: [204], partition: overseas, operator: X}
  - {name: portal, url: "https://portal.example/", status: [200], partition: overseas, operator: Z, spare: true}
  - {name: far, url: "http://far.example/204", status: [204], partition: domestic, operator: Y}
)"},
                                                           {"resolvers.yaml", "resolvers: []\n"},
                                                           {"schema.json", "{}"}};

  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const override {
    const auto it = files.find(name);
    return it == files.end() ? std::nullopt : std::optional<std::string_view>{it->second};
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> out;
    for (const auto& [name, text] : files) out.push_back(name);
    return out;
  }
};

class ConfigTest : public testing::Test {
 protected:
  prober::ProberConfig read(const std::string& yaml) {
    errors_ = {};
    const core::ConfigNode root = core::parse_yaml(yaml, dir_.file("c.yaml"), nullptr, errors_);
    const core::TableReader map{root, prober::kProberTable, errors_};
    return prober::read_prober_config(
        map, {.catalogue = catalogue_, .files = *files_, .host_name = "host-1", .version = "1.2.3"}, errors_);
  }

  /// The one error of a bad text.
  std::string error(const std::string& yaml, core::Language language = core::Language::kEnglish) {
    (void)read(yaml);
    EXPECT_EQ(errors_.all().size(), 1U) << errors_.to_string();
    EXPECT_EQ(in_one_language(errors_), "");
    if (errors_.empty()) return "";
    // The folder of the test is left away, so that messages can be compared.
    std::string text = core::to_string(errors_.all().front(), language);
    const std::string folder = dir_.file("");
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size());
    return text;
  }

  static const prober::TargetEntry* find(const prober::ProberConfig& c, std::string_view name) {
    for (const auto& t : c.targets) {
      if (t.target.name == name) return &t;
    }
    return nullptr;
  }

  static std::vector<std::string> names(const prober::ProberConfig& c) {
    std::vector<std::string> out;
    for (const auto& t : c.targets) out.push_back(t.target.name);
    return out;
  }

  void write(const std::string& name, const std::string& text) const { std::ofstream{dir_.file(name)} << text; }

  TempDir dir_;
  TextCatalogue catalogue_;
  std::unique_ptr<io::Files> files_ = io::make_system_files();
  core::ConfigErrors errors_;
};

}  // namespace sonde::test
