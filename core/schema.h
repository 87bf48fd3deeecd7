// The names in the stream: measurements, tags and the fields that every probe record can carry.
// A name stands here once; checks, encoder, hub and docs use these objects (docs/measurement.md is made from them).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sonde::core {

enum class FieldType { kInteger, kFloat, kString };

/// One field of a record: its stored name, type, unit ("s", "bytes", "unix s", "" = none), meaning and source.
struct Field {
  std::string_view name;
  FieldType type;
  std::string_view unit;
  std::string_view meaning;
  std::string_view source;
  std::size_t index;  // its place in probe_fields()
};

/// Measurement names.
namespace measurement {
inline constexpr std::string_view kProbe = "probe";
inline constexpr std::string_view kVantage = "vantage";
inline constexpr std::string_view kTarget = "target";
inline constexpr std::string_view kVerdict = "verdict";
inline constexpr std::string_view kIncident = "incident";
inline constexpr std::string_view kSonde = "sonde";
inline constexpr std::string_view kGap = "gap";
}  // namespace measurement

/// Tag names. Tags come only from configuration and closed lists, never from a remote.
namespace tag {
inline constexpr std::string_view kVantage = "vantage";
inline constexpr std::string_view kVantageProvider = "vantage_provider";
inline constexpr std::string_view kVantageRegion = "vantage_region";
inline constexpr std::string_view kVantagePartition = "vantage_partition";
inline constexpr std::string_view kTarget = "target";
inline constexpr std::string_view kCheck = "check";
inline constexpr std::string_view kRole = "role";
inline constexpr std::string_view kProvider = "provider";
inline constexpr std::string_view kRegion = "region";
inline constexpr std::string_view kService = "service";
inline constexpr std::string_view kPartition = "partition";
inline constexpr std::string_view kFamily = "family";
}  // namespace tag

namespace field_index {
enum : std::size_t {
#define SONDE_FIELD(id, stored, type, unit, meaning, source) id,
#include "core/probe_fields.inc"
#undef SONDE_FIELD
  kCount
};
}  // namespace field_index
inline constexpr std::size_t kProbeFieldCount = field_index::kCount;

/// Fields of `probe`. A field that was not reached is absent, never 0.
namespace field {
#define SONDE_FIELD(id, stored, type, unit, meaning, source) \
  inline constexpr Field id{stored, FieldType::type, unit, meaning, source, field_index::id};
#include "core/probe_fields.inc"
#undef SONDE_FIELD
}  // namespace field

/// All fields of `probe`, in the order of the table.
[[nodiscard]] std::span<const Field> probe_fields();

}  // namespace sonde::core
