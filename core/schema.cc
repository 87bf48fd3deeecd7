// The field table as a span.
#include "core/schema.h"

#include <array>

namespace sonde::core {
namespace {

constexpr std::array kProbeFields{
#define SONDE_FIELD(id, stored, type, unit, meaning, source) field::id,
#include "core/probe_fields.inc"
#undef SONDE_FIELD
};

}  // namespace

std::span<const Field> probe_fields() { return kProbeFields; }

}  // namespace sonde::core
