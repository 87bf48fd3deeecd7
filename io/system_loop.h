// The real loop, on epoll(7).
#pragma once

#include <memory>

#include "core/callback.h"
#include "io/loop.h"

namespace sonde::io {

/// Makes the loop of this process' main thread.
[[nodiscard]] std::unique_ptr<Loop> make_system_loop();

/// Calls `on_signal` with the number each time SIGINT, SIGTERM or SIGHUP arrives, on the loop. `loop` must come from
/// make_system_loop(). One at a time per process.
[[nodiscard]] Handle watch_signals(Loop& loop, core::Callback<void(int)> on_signal);

}  // namespace sonde::io
