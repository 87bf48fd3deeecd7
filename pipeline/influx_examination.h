// Finds out what a database makes of what Sonde sends it: writes a canary three times through the very sink that
// delivers, reads it back, and takes it away again (RELIABILITY P2 to P4). Facts only; the words are cli/doctor's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/callback.h"
#include "pipeline/canary.h"
#include "pipeline/influx_sink.h"
#include "pipeline/read_back.h"

namespace sonde::pipeline {

/// Our clock less the server's lies between these. They are at least a second apart, because Date (RFC 9110 6.6.1) has
/// whole seconds, and further by as long as the answer took.
struct ClockBounds {
  core::Duration least{};
  core::Duration most{};
};

struct InfluxExamination {
  Addresses addresses;
  std::string unreachable;  // why nothing answered, sanitized; empty when something did. The rest is then as it was
  core::Duration answered_in{};
  ServerFacts server;
  std::optional<ClockBounds> clock;

  int writes_taken = 0;              // of kCanaryWrites, whole
  std::optional<SinkReply> refusal;  // of the first write that was not taken whole; no write follows it
  core::Duration ack_hold{};         // that the sink keeps to with this server

  enum class Reading {
    kNotTried,
    kNoWay,      // what is written to answers no queries
    kForbidden,  // these credentials may not read
    kFailed,
    kDone,
  };
  Reading reading = Reading::kNotTried;
  std::string reading_said;  // the server's words where it was refused or failed, sanitized
  CanaryFate fate;           // with kDone

  enum class Remains {
    kNothing,
    kRemoved,        // and looked for afterwards
    kRemovedItSays,  // the request was taken, and looking afterwards was not possible
    kStays,
    kNotKnown,
  };
  Remains remains = Remains::kNothing;
  std::string remains_said;  // why it stays, sanitized; empty where the database has no such request

  bool types_known = false;  // of the fields of `probe`: asked of InfluxDB 1 only
  std::vector<TypeConflict> conflicts;
};

/// A canary that does not show is looked for this long: VictoriaMetrics shows what it took after a second or two.
inline constexpr core::Duration kCanaryPatience = std::chrono::seconds{10};
/// No request takes longer, whatever the sink's own timeout is.
inline constexpr core::Duration kExaminationTimeout = std::chrono::seconds{10};

/// `done` is called once, later. Destroying the handle ends it, and what was written then stays. Nothing is written
/// but points of kCanaryMeasurement. Errors of `options` are those of make_influx_sink.
[[nodiscard]] core::Result<io::Handle> examine_influx(InfluxParts parts, InfluxOptions options,
                                                      std::string_view vantage,
                                                      core::Callback<void(InfluxExamination)> done);

}  // namespace sonde::pipeline
