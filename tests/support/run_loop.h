// Driving a loop in tests: until a condition holds, never by sleeping.
#pragma once

#include <chrono>
#include <functional>

#include "io/loop.h"

namespace sonde::test {

/// Runs `loop` until `done()` is true (looked at before, and then every loop millisecond) or `deadline` has passed.
/// Returns what `done()` says at the end. Works for the real and the simulated loop.
[[nodiscard]] bool run_loop_until(io::Loop& loop, const std::function<bool()>& done,
                                  io::Duration deadline = std::chrono::seconds{10});

/// Runs `loop` for `turns` turns, so that what was queued has run.
void run_turns(io::Loop& loop, int turns = 1);

}  // namespace sonde::test
