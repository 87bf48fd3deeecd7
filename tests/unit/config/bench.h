// A folder with configuration files, and everything that reading them takes.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/configuration.h"
#include "cli/files_in.h"
#include "tests/support/both_languages.h"
#include "tests/support/temp_dir.h"

namespace sonde::test {

class TextVariables final : public core::VariableLookup {
 public:
  std::map<std::string, std::string, std::less<>> values;
  [[nodiscard]] std::optional<std::string> find(std::string_view variable) const override {
    const auto it = values.find(variable);
    return it == values.end() ? std::nullopt : std::optional{it->second};
  }
};

/// The catalogue that is built in; unpacked once.
inline const cli::EmbeddedCatalogue& catalogue() {
  static const cli::EmbeddedCatalogue kCatalogue;
  return kCatalogue;
}

struct ConfigBench {
  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = directory.file(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }

  [[nodiscard]] cli::ConfigurationInputs inputs() const {
    return {.files = *files,
            .catalogue = catalogue(),
            .variables = variables,
            .host_name = "host-1",
            .state_directory = directory.file("state")};
  }

  /// Writes `yaml` to sonde.yaml and reads it.
  std::optional<cli::Configuration> read(const std::string& yaml) {
    write("sonde.yaml", yaml);
    errors = {};
    tree = {};
    auto root = cli::read_configuration_tree(directory.file("sonde.yaml"), inputs(), errors);
    if (!root) return std::nullopt;
    tree = std::move(*root);
    return cli::read_configuration(tree, directory.file("sonde.yaml"), inputs(), errors);
  }

  /// All mistakes, without the test's folder.
  [[nodiscard]] std::string mistakes(core::Language language) const {
    EXPECT_EQ(in_one_language(errors), "");
    std::string text = errors.to_string(language);
    const std::string folder = directory.path() + "/";
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder)) text.erase(at, folder.size());
    return text;
  }

  TempDir directory;
  std::unique_ptr<io::Files> files = io::make_system_files();
  TextVariables variables;
  core::ConfigErrors errors;
  core::ConfigNode tree;
};

}  // namespace sonde::test
