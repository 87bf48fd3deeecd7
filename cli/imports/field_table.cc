// What every table needs.
#include "cli/imports/field_table.h"

namespace sonde::cli::imports {

bool is_harmless(const core::ConfigNode& value, std::string_view harmless) {
  using Kind = core::ConfigNode::Kind;
  switch (value.kind) {
    case Kind::kNull:
      return true;
    case Kind::kSequence:
      return value.items.empty();
    case Kind::kMap:
      return value.entries.empty();
    case Kind::kScalar:
      break;
  }
  if (value.scalar.empty()) return true;
  while (!harmless.empty()) {
    const std::size_t bar = std::min(harmless.find('|'), harmless.size());
    if (value.scalar == harmless.substr(0, bar)) return true;
    harmless.remove_prefix(std::min(bar + 1, harmless.size()));
  }
  return false;
}

void unknown_field(const core::ConfigNode& key, std::span<const std::string_view> names, Notes& notes) {
  const core::BilingualText close = core::did_you_mean(key.scalar, names);
  notes.lost(key, fmt::format("\"{}\" is not known to this import{}", key.scalar, close.en),
             fmt::format("此导入不认识“{}”{}", key.scalar, close.zh));
}

}  // namespace sonde::cli::imports
