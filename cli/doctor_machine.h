// What `sonde doctor` says of this machine and of the log.
#pragma once

#include <vector>

#include "cli/configuration.h"
#include "cli/diagnosis.h"
#include "core/callback.h"
#include "io/files.h"
#include "io/loop.h"

namespace sonde::cli {

/// Clock, memory, descriptors, routes. Sends nothing.
[[nodiscard]] std::vector<Diagnosis> diagnose_machine(const Configuration& configuration, io::Files& files);

/// Asks each resolver that the prober would use once for the root's name servers, over UDP, for 3 s at most. `done` is
/// called once, later, also where there is no prober and so nothing to ask. Destroying the handle ends it.
[[nodiscard]] io::Handle diagnose_resolvers(io::Loop& loop, const Configuration& configuration,
                                            const std::string& resolv_conf,
                                            core::Callback<void(std::vector<Diagnosis>)> done);

/// The log's place, room, health and what waits in it. Takes no lock and changes nothing.
[[nodiscard]] std::vector<Diagnosis> diagnose_log(const Configuration& configuration, io::Files& files);

}  // namespace sonde::cli
