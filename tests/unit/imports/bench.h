// Imports a text, or files of the samples, and reads the result as `sonde run` would.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/imports/import.h"
#include "tests/unit/config/bench.h"

namespace sonde::test {

inline std::string samples() { return std::string{SONDE_SOURCE_DIR} + "/tests/unit/imports/samples/"; }

struct ImportBench {
  cli::imports::Imported import_text(const std::string& name, const std::string& text,
                                     std::optional<cli::imports::Format> format = std::nullopt) {
    const std::vector<cli::imports::Source> sources{{name, text}};
    return cli::imports::import_sources(sources, format, *config.files);
  }

  cli::imports::Imported import_samples(const std::vector<std::string>& names) {
    std::vector<cli::imports::Source> sources;
    for (const std::string& name : names) {
      auto text = config.files->read_all(samples() + name, 1 << 20);
      EXPECT_TRUE(text.has_value()) << name;
      if (text) sources.push_back({samples() + name, *text});
    }
    return cli::imports::import_sources(sources, std::nullopt, *config.files);
  }

  /// All notes, one per line, without the folder of the samples.
  static std::string notes(const cli::imports::Imported& imported, core::Language language) {
    std::string text;
    for (const auto& note : imported.notes) text += to_string(note, language) + "\n";
    for (auto at = text.find(samples()); at != std::string::npos; at = text.find(samples())) {
      text.erase(at, samples().size());
    }
    return text;
  }

  /// The imported targets as a configuration reads them; every variable is set.
  std::optional<cli::Configuration> read(const std::string& yaml) {
    for (auto at = yaml.find("${"); at != std::string::npos; at = yaml.find("${", at + 1)) {
      config.variables.values[yaml.substr(at + 2, yaml.find('}', at) - at - 2)] = "1";
    }
    config.write("targets.d/imported.yaml", yaml);
    return config.read("targets:\n  - {file: targets.d/imported.yaml}\n");
  }

  ConfigBench config;
};

}  // namespace sonde::test
