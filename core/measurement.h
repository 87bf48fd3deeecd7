// Measurement: what one run of a check yields, before it becomes a record.
#pragma once

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
  [[nodiscard]] const FieldValue* get(const Field& field) const;
  [[nodiscard]] const std::vector<std::pair<const Field*, FieldValue>>& facts() const { return facts_; }

 private:
  std::vector<std::pair<const Field*, FieldValue>> facts_;
};

/// The `probe` record of a run: tags from vantage and target, outcome fields, then the facts in table order.
/// `slot` is the scheduled start on the wall clock; it is cut to whole milliseconds.
[[nodiscard]] Record to_record(const Measurement& m, const Vantage& v, const Target& t, WallTime slot);

}  // namespace sonde::core
