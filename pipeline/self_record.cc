// The pipeline's own record.
#include "pipeline/self_record.h"

#include "core/schema.h"

namespace sonde::pipeline {

core::Record self_record(const Cursor& cursor, std::string_view instance, core::WallTime now) {
  const LogCounters c = cursor.counters();
  core::Record r;
  r.measurement = core::measurement::kSonde;
  r.add_tag("instance", instance);
  r.add_tag("sink", cursor.name());
  const auto add = [&r](std::string_view key, std::uint64_t value) {
    r.add_field(key, static_cast<std::int64_t>(value));
  };
  add("records_accepted", c.accepted);
  add("records_delivered", c.delivered);
  add("records_pending", c.pending);
  add("records_evicted", c.evicted);
  add("records_dead_lettered", c.dead_lettered);
  add("records_quarantined", c.quarantined);
  r.add_field("oldest_unsent_seconds", core::to_seconds(cursor.oldest_pending()));
  r.time = core::from_unix_ms(core::to_unix_ms(now));
  return r;
}

}  // namespace sonde::pipeline
