// The `museum` map of a world file: what the outage was and what a judge should say of it.
#pragma once

#include "core/config_node.h"
#include "model.h"

namespace sonde::world {

[[nodiscard]] Story read_story(const core::ConfigNode& node, core::ConfigErrors& errors);

}  // namespace sonde::world
