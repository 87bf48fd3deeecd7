// Measurement: what one run of a check yields, before it becomes a record.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/outcome.h"
#include "core/record.h"
#include "core/schema.h"
#include "core/target.h"
#include "core/time.h"

namespace sonde::core {

/// Outcome and facts of one run. Setting a fact twice keeps the later value.
class Measurement {
 public:
  Outcome outcome;
  std::string family;  // "ip4", "ip6", or empty when no address was chosen

  void set(const Field& field, FieldValue value);
  void set_seconds(const Field& field, Duration d) { set(field, to_seconds(d)); }
  /// The pointer lives until the next set().
  [[nodiscard]] const FieldValue* get(const Field& field) const { return get(field.index); }
  /// By the field's place in probe_fields().
  [[nodiscard]] const FieldValue* get(std::size_t index) const {
    return places_[index] == 0 ? nullptr : &facts_[places_[index] - 1U];
  }

 private:
  static_assert(kProbeFieldCount < 255, "a place is one byte");
  std::vector<FieldValue> facts_;                        // in the order in which they were set
  std::array<std::uint8_t, kProbeFieldCount> places_{};  // of each field: 1 + place in facts_, or 0
};

/// True when the run counts as a success: ok or degraded.
[[nodiscard]] constexpr bool is_success(Status s) { return s == Status::kOk || s == Status::kDegraded; }

/// The `probe` record of a run: tags from vantage and target, outcome fields, then the facts in table order.
/// `slot` is the scheduled start on the wall clock; it is cut to whole milliseconds.
/// Its line is what core/probe_line.h writes without the detour.
[[nodiscard]] Record to_record(const Measurement& m, const Vantage& v, const Target& t, WallTime slot);

}  // namespace sonde::core
