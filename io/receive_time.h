// When the kernel received what waits at a socket: so that a busy loop of ours is not taken for a slow server.
// Source: socket(7) SO_TIMESTAMP, cmsg(3); Linux Documentation/networking/timestamping.rst.
#pragma once

#include <optional>

#include "core/time.h"
#include "io/unique_fd.h"

namespace sonde::io {

/// While this is open the kernel keeps its stamping switched on. It switches on some time after the first socket asks
/// and off after the last one has gone, by patching its own code: without this, a lone connection is stamped too late,
/// and each one costs the patching. An fd of -1 where no socket can be had; then all is as without.
[[nodiscard]] UniqueFd keep_stamping();

/// Asks the kernel to stamp what arrives at `fd` from now on. False when it refuses; measuring then goes by the clock.
bool stamp_arrivals(int fd);

/// How long the next unread byte or datagram at `fd` has been waiting, by the kernel's stamp. Nothing where nothing
/// waits or there is no stamp. Reads nothing away. At most one system call; an age that makes no sense (the wall clock
/// was set meanwhile) is nothing too. `error` gets 0, or the errno of a connection that is broken: the kernel tells a
/// reset once, so the next read of `fd` would take it for an orderly end.
[[nodiscard]] std::optional<core::Duration> age_of_arrival(int fd, int* error = nullptr);

}  // namespace sonde::io
