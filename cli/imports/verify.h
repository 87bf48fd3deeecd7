// The strict reader's word on a target that an import has made.
#pragma once

#include "core/config_node.h"
#include "io/files.h"

namespace sonde::cli::imports {

/// What the reader of configurations would refuse of `app`, a map in the form of `apps[]`, each at the place where the
/// original stands. Files that it names (passwords, tokens, bodies) need not be there yet.
[[nodiscard]] core::ConfigErrors refusals(const core::ConfigNode& app, io::Files& files);

}  // namespace sonde::cli::imports
