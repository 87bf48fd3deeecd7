// What a silence means where short packets get through and large ones do not (RELIABILITY C22).
#pragma once

#include <optional>

#include "core/outcome.h"
#include "io/tcp_talk.h"

namespace sonde::prober {

/// For a run that ends in silence: the failure of the path below, whatever was spoken over it; nothing where the kernel
/// saw no such thing.
[[nodiscard]] inline std::optional<core::Outcome> path_mtu_fault(bool ours_vanish, bool peers_vanish) {
  if (ours_vanish) {
    return core::failed(core::Stage::kTcp, core::Cause::kPmtu,
                        "a short segment was acknowledged, a full one before it never");
  }
  if (peers_vanish) {
    return core::failed(core::Stage::kTcp, core::Cause::kPmtu,
                        "a later segment of the peer's answer came, the full ones before it never");
  }
  return std::nullopt;
}

[[nodiscard]] inline std::optional<core::Outcome> path_mtu_fault(int fd) {
  const auto state = io::tcp_state(fd);
  if (!state) return std::nullopt;
  return path_mtu_fault(state->large_ones_vanish, state->peers_large_ones_vanish);
}

}  // namespace sonde::prober
