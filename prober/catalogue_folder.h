// The catalogue of a folder in place of the one that is built in: to try changes of the files before a build, and for
// simulated worlds.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/result.h"
#include "io/files.h"
#include "prober/catalogue.h"

namespace sonde::prober {

/// Reads all *.yaml of `folder`, at once. Errors: it cannot be read, or holds none.
[[nodiscard]] core::Result<std::unique_ptr<CatalogueSource>> open_catalogue(io::Files& files,
                                                                            const std::string& folder);

}  // namespace sonde::prober
