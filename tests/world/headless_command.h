// The options of --headless, and what they do.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "model.h"
#include "plan.h"

namespace sonde::world {

struct HeadlessCommand {
  std::string duration = "30m";
  std::string start = "2026-01-01T00:00:00Z";  // fixed, so that the same command gives the same bytes
  std::string output = "-";
  std::string truth;

  void add_options(CLI::App& app, CLI::Option* headless);
  /// The exit code.
  [[nodiscard]] int run(World world, const Plan& plan, bool timeline, bool repeat) const;
};

/// "2026-01-01T00:00:00Z" or whole seconds since 1970. Nothing on anything else.
[[nodiscard]] std::optional<core::WallTime> parse_start(const std::string& text);

}  // namespace sonde::world
