// Files as people have them: what comes of each, word for word, and that the reader of configurations takes it.
// With SONDE_WRITE_EXPECTED set in the environment the expected files are written anew, to be looked at in a diff.
#include <cstdlib>
#include <fstream>

#include "tests/unit/imports/bench.h"

namespace sonde::test {
namespace {

struct Sample {
  const char* name;
  std::vector<std::string> files;
  std::size_t targets;
};
const std::vector<Sample> kSamples = {{"blackbox", {"blackbox.yml", "prometheus.yml"}, 8},
                                      {"gatus", {"gatus.yaml"}, 11},
                                      {"uptime_kuma", {"uptime_kuma.json"}, 8},
                                      {"telegraf", {"telegraf.conf"}, 10}};

void expect_file(const std::string& name, const std::string& text) {
  const std::string path = samples() + "expected/" + name;
  if (std::getenv("SONDE_WRITE_EXPECTED") != nullptr) std::ofstream{path} << text;
  const auto files = io::make_system_files();
  const auto wanted = files->read_all(path, 1 << 20);
  ASSERT_TRUE(wanted.has_value()) << path;
  EXPECT_EQ(*wanted, text) << path;
}

TEST(ImportSamples, BecomeWhatIsExpectedWordForWord) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.name);
    ImportBench bench;
    const auto imported = bench.import_samples(sample.files);
    EXPECT_TRUE(imported.unreadable.empty()) << imported.unreadable.to_string();
    expect_file(std::string{sample.name} + ".yaml", imported.yaml);
    expect_file(std::string{sample.name} + ".en.txt", ImportBench::notes(imported, core::Language::kEnglish));
    expect_file(std::string{sample.name} + ".zh.txt", ImportBench::notes(imported, core::Language::kChinese));
  }
}

TEST(ImportSamples, AreTakenByTheReaderOfConfigurations) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.name);
    ImportBench bench;
    bench.config.write("targets.d/probe-token", "token\n");
    const auto imported = bench.import_samples(sample.files);
    const auto c = bench.read(imported.yaml);
    ASSERT_TRUE(c.has_value()) << bench.config.errors.to_string() << imported.yaml;
    EXPECT_EQ(imported.targets, sample.targets);
    EXPECT_EQ(c->prober.targets.size(), sample.targets);
  }
}

/// The words of secrets in the samples.
TEST(ImportSamples, ShowNoSecret) {
  for (const Sample& sample : kSamples) {
    ImportBench bench;
    const auto imported = bench.import_samples(sample.files);
    const std::string all = imported.yaml + ImportBench::notes(imported, core::Language::kEnglish) +
                            ImportBench::notes(imported, core::Language::kChinese);
    for (const char* secret : {"plain-key-4711", "s3cret", "abc123", "t0ken", "hook/secret", "9f8e7d", "topsecret",
                               "pa$$word", "pr0xy", "BEGIN", "abcdef", "hunter2", "letmein", "abcd-1234"}) {
      EXPECT_EQ(all.find(secret), std::string::npos) << sample.name << " shows " << secret;
    }
  }
}

TEST(ImportSamples, AreRecognised) {
  using cli::imports::Format;
  const std::pair<const char*, Format> wanted[] = {{"blackbox.yml", Format::kBlackbox},
                                                   {"prometheus.yml", Format::kPrometheus},
                                                   {"gatus.yaml", Format::kGatus},
                                                   {"uptime_kuma.json", Format::kUptimeKuma},
                                                   {"telegraf.conf", Format::kTelegraf}};
  const auto files = io::make_system_files();
  for (const auto& [file, format] : wanted) {
    EXPECT_EQ(cli::imports::detect(*files->read_all(samples() + file, 1 << 20)), format) << file;
  }
  EXPECT_FALSE(cli::imports::detect(""));
  EXPECT_FALSE(cli::imports::detect("apps: []\n"));
  EXPECT_FALSE(cli::imports::detect("{\"a\": 1}"));
}

}  // namespace
}  // namespace sonde::test
