// One probe record as the judge needs it: which layers it tried, which one failed, and what kind of error it was.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "core/outcome.h"
#include "core/record.h"
#include "core/target.h"
#include "hub/judge/channels.h"
#include "hub/judge/latency.h"

namespace sonde::hub::judge {

/// Why a result is no evidence about its target, or is.
enum class Trust : std::uint8_t {
  kTrusted,
  kOwnFault,  // no route, no resolver, captive portal, uplink lost: near-side evidence about the vantage
  kIgnored,   // overloaded, skipped, clock, descriptors: no evidence about anything
};

inline constexpr std::uint32_t kNoCell = 0xFFFF'FFFF;

/// A run, small and comparable. `vantage` and `target` are ids that the judge gives to names.
struct RunResult {
  std::uint32_t vantage = 0;
  std::uint32_t target = 0;
  std::uint32_t cell = kNoCell;  // of the two, where there was one already when the run arrived
  std::int64_t time_ms = 0;
  core::CheckKind check = core::CheckKind::kHttp;
  bool ipv6 = false;
  core::Status status = core::Status::kOk;
  core::Stage stage = core::Stage::kDone;
  core::Cause cause = core::Cause::kNone;
  Trust trust = Trust::kTrusted;
  bool used_tls = false;  // the record shows that TLS was tried
  std::int32_t http_status = 0;
  Durations took;

  /// Identity of the point: what arrives twice with the same identity is one run.
  [[nodiscard]] auto identity() const { return std::tuple{time_ms, check, ipv6}; }
  /// Of two records with one identity the greater one counts, so that the order of arrival does not.
  [[nodiscard]] auto content() const {
    return std::tuple{status, stage, cause, trust, used_tls, http_status, took.connect, took.answer};
  }
};

/// Reads outcome, trust and facts of a `probe` record; ids are left 0. Nothing where the status is missing or unknown
/// to this version.
[[nodiscard]] std::optional<RunResult> read_run(const core::Record& record);

/// A name that did not resolve at a prober that takes its uplink for lost: that, or its resolver.
[[nodiscard]] inline bool is_name_without_uplink(const RunResult& run) {
  return run.trust == Trust::kOwnFault && run.status == core::Status::kFail && run.stage == core::Stage::kDns;
}

/// Which layers a target's check walks through.
struct Layers {
  bool dns = true;  // false where the URL holds an address
  bool tls = false;
};

/// At which end a run that succeeded was slow: by a limit that was set for it, or compared with what is usual for its
/// cell (latency.h).
struct Slowness {
  bool connect = false;
  bool answer = false;
  bool repeated_syn = false;
};

/// What the limits say: a degraded run whose cause is `slow`.
[[nodiscard]] Slowness slow_by_limit(const RunResult& run);

/// Adds the trials of one run to `out`: good ones up to the failing layer, the failure, nothing after it. A SYN that
/// had to be sent again counts as half a failed connect.
void add_trials(const RunResult& run, const Layers& layers, const Slowness& slow, Trials& out);

/// The class of the error of a failed run; nothing for one that is no evidence (such as HTTP 429: a polite refusal
/// to a prober that asks too often).
[[nodiscard]] std::optional<ErrorClass> error_class(core::Stage stage, core::Cause cause, std::int32_t http_status);

}  // namespace sonde::hub::judge
