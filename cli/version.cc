// `sonde version`: what a report of a fault needs to say about this program.

#include <fmt/format.h>
#include <spdlog/version.h>
#include <zlib.h>

#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "io/library_versions.h"

namespace sonde::cli {

int version_verb(bool json, const Context& context) {
  std::vector<std::pair<std::string, std::string>> libraries = io::library_versions();
  libraries.emplace_back("zlib", zlibVersion());
  libraries.emplace_back("fmt",
                         fmt::format("{}.{}.{}", FMT_VERSION / 10'000, FMT_VERSION / 100 % 100, FMT_VERSION % 100));
  libraries.emplace_back("spdlog", fmt::format("{}.{}.{}", SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH));
  libraries.emplace_back("nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                                      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH));
  const std::string compiler = __VERSION__;
  if (json) {
    nlohmann::ordered_json object{{"version", SONDE_VERSION}, {"compiler", compiler}, {"cxx", __cplusplus}};
    for (const auto& [name, version] : libraries) object["libraries"][name] = version;
    return write_out(object.dump() + "\n") ? exit_code::kOk : exit_code::kUnknown;
  }
  const Terminal& t = context.out;
  std::string out = t.paint(Color::kBold, "sonde " SONDE_VERSION) + "\n";
  out += fmt::format("  {} {}\n", pad(t.say("compiler", "编译器"), 14), compiler);
  for (const auto& [name, version] : libraries) out += fmt::format("  {} {}\n", pad(name, 14), version);
  return write_out(out) ? exit_code::kOk : exit_code::kUnknown;
}

}  // namespace sonde::cli
