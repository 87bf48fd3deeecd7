// Files that are broken, huge, deep or malicious: clear words, no crash, and whatever comes out is still valid.
#include <cctype>
#include <random>

#include <fmt/format.h>

#include "tests/unit/imports/bench.h"

namespace sonde::test {
namespace {

using cli::imports::Format;

std::string all_of(const cli::imports::Imported& imported) {
  return imported.unreadable.to_string() + ImportBench::notes(imported, core::Language::kEnglish);
}

TEST(ImportHostile, NestingIsBounded) {
  ImportBench bench;
  const std::string open(100'000, '[');
  const auto json = bench.import_text("x.json", "{\"monitorList\": " + open);
  EXPECT_EQ(json.unreadable.to_string(), "x.json:1:80: nested deeper than 64 levels\n");
  const auto yaml = bench.import_text("x.yaml", "endpoints: " + open);
  EXPECT_NE(yaml.unreadable.to_string().find("x.yaml:1:"), std::string::npos) << yaml.unreadable.to_string();
  const auto toml = bench.import_text("x.conf", "[[inputs.cpu]]\nx = " + open);
  EXPECT_NE(toml.unreadable.to_string().find("x.conf:2:"), std::string::npos) << toml.unreadable.to_string();
}

TEST(ImportHostile, AliasesDoNotGrowWithoutBound) {
  ImportBench bench;
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c <= 'j'; ++c) {
    bomb += std::string{c} + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string{i == 0 ? "*" : ", *"} + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  const auto imported = bench.import_text("bomb.yaml", bomb + "endpoints: []\n", Format::kGatus);
  EXPECT_NE(imported.unreadable.to_string().find("aliases make more than 200000 values"), std::string::npos)
      << imported.unreadable.to_string();
  const auto self = bench.import_text("self.yaml", "endpoints: &e\n  - *e\n");
  EXPECT_NE(self.unreadable.to_string().find("inside of what it names"), std::string::npos)
      << self.unreadable.to_string();
}

TEST(ImportHostile, KeysThatStandTwiceAreMistakes) {
  ImportBench bench;
  EXPECT_EQ(bench.import_text("k.json", "{\"monitorList\": [],\n \"monitorList\": []}").unreadable.to_string(),
            "k.json:2:2: the key \"monitorList\" stands twice\n");
  EXPECT_EQ(bench.import_text("g.yaml", "endpoints: []\nendpoints: []\n").unreadable.to_string(),
            "g.yaml:2:1: the key \"endpoints\" stands twice; the first is on line 1\n");
}

TEST(ImportHostile, NamesAreCleanedAndKeptApart) {
  ImportBench bench;
  const auto imported =
      bench.import_text("g.yaml",
                        "endpoints:\n"
                        "  - {name: \"a\\e[31mb\\u202ec\", url: \"tcp://x.example:1\", conditions: []}\n"
                        "  - {name: \"\", url: \"tcp://x.example:1\", conditions: []}\n"
                        "  - {name: twice, url: \"tcp://x.example:1\", conditions: []}\n"
                        "  - {name: twice, url: \"tcp://x.example:1\", conditions: []}\n"
                        "  - {name: \"" +
                            std::string(500, 'n') + "\", url: \"tcp://x.example:1\", conditions: []}\n");
  const std::string said = all_of(imported);
  EXPECT_EQ(imported.targets, 5U) << said;
  EXPECT_NE(imported.yaml.find("name: \"a[31mbc\"\n"), std::string::npos) << imported.yaml;
  EXPECT_NE(imported.yaml.find("name: \"twice (2)\"\n"), std::string::npos) << imported.yaml;
  EXPECT_NE(said.find("g.yaml:5:5: differs: the name \"twice\" is taken already; this one is \"twice (2)\""),
            std::string::npos)
      << said;
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  ASSERT_TRUE(bench.read(imported.yaml).has_value()) << bench.config.errors.to_string();
}

TEST(ImportHostile, ManyOfTheSameTakeLinearTime) {
  ImportBench bench;
  std::string tags;
  for (int i = 0; i < 5000; ++i) tags += fmt::format("{}{{\"name\": \"t{}\"}}", i == 0 ? "" : ", ", i);
  std::string text =
      "[{\"name\": \"tags\", \"interval\": 60, \"type\": \"port\", \"hostname\": \"x\", \"port\": 1, \"tags\": [" +
      tags + "]}";
  for (int i = 0; i < 5000; ++i) {
    text += fmt::format(",\n{{\"name\": \"a\", \"type\": \"http\", \"url\": \"https://x.example/?token=s{}\"}}", i);
  }
  const auto imported = bench.import_text("k.json", text + "]");
  EXPECT_EQ(imported.targets, 5001U) << all_of(imported).substr(0, 2000);
  EXPECT_EQ(imported.secrets.back(), "A_5000_TOKEN");
  EXPECT_NE(imported.yaml.find("name: \"a (5000)\"\n"), std::string::npos);
  EXPECT_NE(all_of(imported).find("k.json:1:2: not carried over: only its first 100 labels\n"), std::string::npos);
}

TEST(ImportHostile, TextsThatLookLikeYamlStayTexts) {
  ImportBench bench;
  const std::string value = "'\\\"\\\\ #: {[&*!|>%@`~\\n\\t\\u2028\\u0085\\u007f ${HOME} $$ $x null";
  const auto imported = bench.import_text(
      "k.json",
      "{\"monitorList\": [{\"name\": \"- null: # [x]\", \"type\": \"keyword\", \"url\": \"https://x.example/\", "
      "\"keyword\": \"" +
          value +
          "\", \"tags\": [{\"name\": \"yes\", \"value\": \"on\"}, {\"name\": \"~\", "
          "\"value\": \"0x1f\"}]}]}");
  ASSERT_EQ(imported.targets, 1U) << all_of(imported);
  const auto c = bench.read(imported.yaml);
  ASSERT_TRUE(c.has_value()) << bench.config.errors.to_string() << imported.yaml;
  const auto& entry = c->prober.targets.at(0);
  EXPECT_EQ(entry.target.name, "- null: # [x]");
  EXPECT_EQ(entry.target.labels.at("yes"), "on");
  EXPECT_EQ(entry.target.labels.at("~"), "0x1f");
  EXPECT_EQ(entry.written.find("expect")->find("body")->scalar,
            "'\"\\ #: {[&*!|>%@`~\n\t\u2028\u0085\x7f ${HOME} $$ $x null");
  for (const char* raw : {"\u2028", "\u0085", "\x7f"}) EXPECT_EQ(imported.yaml.find(raw), std::string::npos);
}

TEST(ImportHostile, WrongKindsAreSaid) {
  ImportBench bench;
  const std::pair<const char*, const char*> files[] = {
      {"g.yaml", "endpoints: {a: b}\n"},
      {"g.yaml", "endpoints: [1, [2], {name: [x], url: {}, conditions: 7, headers: [a], dns: [], client: 5}]\n"},
      {"k.json", "{\"monitorList\": {\"a\": 1}}"},
      {"k.json",
       "{\"monitorList\": [1, null, {\"type\": \"http\", \"name\": {}, \"url\": [], \"interval\": \"x\", "
       "\"tags\": 3, \"accepted_statuscodes\": \"200\", \"headers\": \"{\", \"proxyId\": {}}]}"},
      {"t.conf", "[[inputs.http_response]]\nurls = 7\nheaders = 3\nresponse_timeout = []\ntags = 1\n"},
      {"t.conf", "inputs = 3\n[agent]\ninterval = {}\n"},
      {"p.yml", "scrape_configs: {a: b}\n"},
      {"p.yml",
       "scrape_configs: [1, {job_name: [], metrics_path: /probe, params: 3, static_configs: {a: b}, "
       "relabel_configs: 5, file_sd_configs: [3]}]\n"},
      {"b.yml", "modules: [a]\n"}};
  for (const auto& [name, text] : files) {
    SCOPED_TRACE(text);
    const auto imported = bench.import_text(name, text);
    EXPECT_FALSE(all_of(imported).empty());
    if (imported.unreadable.empty()) {
      EXPECT_TRUE(bench.read(imported.yaml).has_value()) << bench.config.errors.to_string();
    }
  }
}

/// A word of the text, as [begin, end).
std::pair<std::size_t, std::size_t> some_word(const std::string& text, std::mt19937& random) {
  const auto is_word = [&text](std::size_t at) { return std::isalnum(static_cast<unsigned char>(text[at])) != 0; };
  std::size_t begin = random() % text.size();
  while (begin > 0 && !is_word(begin)) --begin;
  while (begin > 0 && is_word(begin - 1)) --begin;
  std::size_t end = begin;
  while (end < text.size() && is_word(end)) ++end;
  return {begin, end};
}

/// Small damage of a kind that people and programs make: a word for another, a line twice or missing, a sign.
void damage(std::string& text, std::mt19937& random) {
  constexpr std::string_view kSigns = "{}[]\"':,&*$#-=\n\\ 0a\xff\x01";
  const std::size_t at = random() % text.size();
  const std::size_t line = text.rfind('\n', at) + 1;  // npos + 1 = 0
  const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
  switch (random() % 8) {
    case 0:
      text[at] = kSigns[random() % kSigns.size()];
      break;
    case 1:
      text.erase(at, 1 + random() % 20);
      break;
    case 2:
      text.erase(line, end - line);
      break;
    case 3:
      text.insert(line, text.substr(line, end - line));
      break;
    default: {
      const auto [from, to] = some_word(text, random);
      const std::string word = text.substr(from, to - from);
      const auto [begin, stop] = some_word(text, random);
      text.replace(begin, stop - begin, word);
    }
  }
}

// Whatever is imported must be valid: that is the promise of the file that is written.
TEST(ImportHostile, DamagedSamplesNeverGiveAnInvalidFile) {
  const std::vector<std::vector<std::string>> sets = {
      {"blackbox.yml", "prometheus.yml"}, {"gatus.yaml"}, {"uptime_kuma.json"}, {"telegraf.conf"}};
  std::size_t valid = 0;
  ImportBench bench;
  bench.config.write("targets.d/probe-token", "token\n");
  for (unsigned seed = 0; seed < 800; ++seed) {
    std::mt19937 random{seed};
    std::vector<cli::imports::Source> sources;
    for (const std::string& name : sets[seed % sets.size()]) {
      sources.push_back({samples() + name, *bench.config.files->read_all(samples() + name, 1 << 20)});
    }
    std::string& text = sources[random() % sources.size()].text;
    for (auto edits = 1 + random() % 4; edits > 0 && !text.empty(); --edits) damage(text, random);
    const auto imported = cli::imports::import_sources(sources, std::nullopt, *bench.config.files);
    (void)all_of(imported);
    if (!imported.unreadable.empty()) continue;
    ++valid;
    const bool taken = bench.read(imported.yaml).has_value();
    // A path that the damage changed leads nowhere: that is the user's to see, not the import's.
    const std::string why = bench.config.errors.to_string();
    EXPECT_TRUE(taken || why.find("No such file") != std::string::npos)
        << "seed " << seed << ": " << why << imported.yaml;
  }
  EXPECT_GT(valid, 300U) << "most damage should leave something to import";
}

}  // namespace
}  // namespace sonde::test
