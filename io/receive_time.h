// When the kernel received what waits at a socket: so that a busy loop of ours is not taken for a slow server.
// Source: socket(7) SO_TIMESTAMP, cmsg(3); Linux Documentation/networking/timestamping.rst.
#pragma once

#include <optional>

#include "core/time.h"

namespace sonde::io {

/// Asks the kernel to stamp what arrives at `fd` from now on. False when it refuses; measuring then goes by the clock.
bool stamp_arrivals(int fd);

/// How long the next unread byte or datagram at `fd` has been waiting, by the kernel's stamp. Nothing where nothing
/// waits or there is no stamp. Reads nothing away. At most one system call; an age that makes no sense (the wall clock
/// was set meanwhile) is nothing too.
[[nodiscard]] std::optional<core::Duration> age_of_arrival(int fd);

}  // namespace sonde::io
