// What the pipeline says about itself in the stream: one `sonde` record per sink.
#pragma once

#include <string_view>

#include "core/record.h"
#include "pipeline/log.h"

namespace sonde::pipeline {

/// How often whoever wires the pipeline appends these.
inline constexpr core::Duration kSelfRecordInterval = std::chrono::seconds{10};

/// A record `sonde` (tags instance, sink; fields records_accepted, records_delivered, records_pending, records_evicted,
/// records_dead_lettered, records_quarantined, oldest_unsent_seconds), stamped `now` cut to whole milliseconds.
[[nodiscard]] core::Record self_record(const Cursor& cursor, std::string_view instance, core::WallTime now);

}  // namespace sonde::pipeline
