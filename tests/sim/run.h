// One run of a pair, step by step, as a prober would see it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/companion.h"
#include "core/outcome.h"
#include "network.h"

namespace sonde::sim {

/// What a run found out: outcome and facts. A time below zero was not reached.
struct Seen {
  core::Status status = core::Status::kOk;
  core::Stage stage = core::Stage::kDone;
  core::Cause cause = core::Cause::kNone;
  int http_status = 0;
  double resolve = -1, connect = -1, tls = -1, processing = -1, transfer = -1;
  double duration = 0;
  double round_trip = 0;
  int retransmits = 0;
  double lag = 0;                // of the prober's own loop
  std::string_view suspect_why;  // "" or what the prober doubts itself for

  [[nodiscard]] bool ok() const { return status == core::Status::kOk || status == core::Status::kDegraded; }
};

/// `faults` are those that are on and may touch the pair. `way`: a companion of that kind; nothing: a run of the
/// schedule.
[[nodiscard]] Seen run_of(std::size_t cell, std::int64_t at_ms, const World& world, const Network& network,
                          std::span<const Fault* const> faults, Rng& rng,
                          std::optional<core::CompanionKind> way = std::nullopt);

}  // namespace sonde::sim
