// What this machine allows a process: descriptors, memory, routes, a clock that somebody keeps right. For looking at
// once, as `sonde doctor` does; nothing here sends a packet or changes anything.
// Source: getrlimit(2), adjtimex(2), proc(5), kernel cgroup-v2.rst "memory.max", connect(2) on datagram sockets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "io/address.h"
#include "io/files.h"

namespace sonde::io {

/// RLIMIT_NOFILE of this process; a service manager may give the service another one.
struct FileLimits {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};
[[nodiscard]] FileLimits file_limits();

/// Bytes that may still be used: MemAvailable, or less where a cgroup (version 2) of this process leaves less. Nothing
/// when the kernel does not say.
[[nodiscard]] std::optional<std::uint64_t> available_memory(Files& files);

/// What the kernel knows of the wall clock. A time service that does not steer the kernel's clock leaves it "not
/// synchronised" although the time may be right.
struct KernelClock {
  bool synchronised = false;
  core::Duration error_max{};  // only where it is synchronised
};
[[nodiscard]] std::optional<KernelClock> kernel_clock();

/// The local address that packets to `to` would leave by. kNotFound when there is no route. Nothing is sent.
[[nodiscard]] Result<IpAddress> source_towards(const IpAddress& to);

/// Whether this process may make files in `directory`, or, where that is missing, in the nearest folder above it.
[[nodiscard]] Result<void> may_write_in(const std::string& directory);

}  // namespace sonde::io
