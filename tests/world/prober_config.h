// The configuration of a vantage's prober as text: real probers read it from files, the headless mode reads it itself,
// so that both probe the same targets in the same way.
#pragma once

#include <cstddef>
#include <string>

#include "model.h"
#include "plan.h"

namespace sonde::world {

/// A double-quoted YAML scalar.
[[nodiscard]] std::string quoted(const std::string& text);
/// "2000ms"
[[nodiscard]] std::string milliseconds_text(core::Duration d);

/// The lists `apps`, `references` and `controls`, the same for every vantage.
[[nodiscard]] std::string targets_text(const World& world, const Plan& plan);
/// The keys `vantage`, `resolver` and `policy`.
[[nodiscard]] std::string prober_text(const World& world, const Plan& plan, std::size_t vantage);

}  // namespace sonde::world
