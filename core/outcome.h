// What a run found out: status, stage and cause, from closed and numbered lists.
// This table is the only place where causes are listed: encoder, docs/measurement.md and the page read it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sonde::core {

/// `degraded` still counts as success; `unknown` is our own fault and never counts against the target.
enum class Status : std::uint8_t { kOk = 0, kDegraded = 1, kFail = 2, kUnknown = 3 };

/// How far a run got. `kDone` is a run that walked all its stages.
enum class Stage : std::uint8_t { kDns = 0, kTcp = 1, kTls = 2, kHttp = 3, kDone = 4 };

/// Numbers are stable for ever: a number is never reused or moved (they are stored as `cause_code`).
enum class Cause : std::uint16_t {
#define SONDE_CAUSE(id, number, name, en, zh) id = number,
#include "core/causes.inc"
#undef SONDE_CAUSE
};

struct CauseInfo {
  Cause cause;
  std::string_view name;  // as in the record: "name_mismatch"
  std::string_view en;    // half a sentence for people: "the certificate is for another name"
  std::string_view zh;
};

[[nodiscard]] std::string_view name(Status s);
[[nodiscard]] std::string_view name(Stage s);
[[nodiscard]] std::string_view name(Cause c);
[[nodiscard]] std::optional<Status> parse_status(std::string_view text);
[[nodiscard]] std::optional<Stage> parse_stage(std::string_view text);
[[nodiscard]] std::optional<Cause> parse_cause(std::string_view text);
[[nodiscard]] const CauseInfo& info(Cause c);
/// All causes in the order of their numbers.
[[nodiscard]] std::span<const CauseInfo> all_causes();
/// True for the causes that are a fault of our own (no route, no descriptor, clock, policy, ...): status is `unknown`.
[[nodiscard]] bool is_own_fault(Cause c);

struct Outcome {
  Status status = Status::kOk;
  Stage stage = Stage::kDone;
  Cause cause = Cause::kNone;
  std::string detail;  // sanitized text, at most 256 bytes (core/sanitize.h)
};

/// A failure at `stage`: status `unknown` for our own faults, else `fail`. `detail` is sanitized here.
[[nodiscard]] Outcome failed(Stage stage, Cause cause, std::string_view detail = {});
/// A success with a blemish. The run still walked all stages it wanted; `stage` is where the blemish sits.
[[nodiscard]] Outcome degraded(Stage stage, Cause cause, std::string_view detail = {});

}  // namespace sonde::core
