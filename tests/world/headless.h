// The headless mode: the world without sockets and on virtual time. Writes what the vantages' probers would have
// recorded. README.md says what differs from the real thing.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/callback.h"
#include "core/result.h"
#include "core/time.h"
#include "model.h"
#include "plan.h"

namespace sonde::world {

struct HeadlessOptions {
  core::WallTime start{};     // of the timeline, on the wall clock of the records
  core::Duration duration{};  // slots in [start, start + duration) are run
  bool timeline = true;
  bool repeat = false;  // the timeline starts again after its period
};

/// Gives `write` line protocol, whole lines, about a megabyte at a time: `vantage` and `target` records at the start
/// and every hour, and a `probe` record per run in the order in which runs end. The same world, plan and options give
/// the same bytes. Returns how many results there were. Errors: the world cannot be read as a prober's configuration.
[[nodiscard]] core::Result<std::uint64_t> run_headless(World world, const Plan& plan, const HeadlessOptions& options,
                                                       core::Callback<void(std::string_view)> write);

}  // namespace sonde::world
