// The keys of a blackbox.yml, as blackbox_exporter 0.23 and later write it, and what becomes of each here.
// docs/blackbox.md has a row for each; a test compares.
// Source: blackbox_exporter CONFIGURATION.md; prometheus/common HTTP client configuration.
#pragma once

#include <span>
#include <string_view>

#include "core/config_table.h"

namespace sonde::prober::blackbox {

/// A key that is known and not served. Loading fails where it is used, unless it has the value that changes nothing.
struct Refused {
  const core::KeyTable* map;
  std::string_view key;
  std::string_view harmless;  // a value that may stand there; empty = none
  std::string_view instead;   // what to do, for people
  std::string_view zh;        // the same in Chinese
};

extern const core::KeyTable kModuleKeys;
extern const core::KeyTable kHttpKeys;
extern const core::KeyTable kHeaderMatchKeys;
extern const core::KeyTable kTcpKeys;
extern const core::KeyTable kStepKeys;
extern const core::KeyTable kDnsKeys;
extern const core::KeyTable kValidatorKeys;
extern const core::KeyTable kTlsConfigKeys;
extern const core::KeyTable kBasicAuthKeys;
extern const core::KeyTable kAuthorizationKeys;

[[nodiscard]] std::span<const Refused> refused_keys();
/// All maps, in the order of the documentation.
[[nodiscard]] std::span<const core::KeyTable* const> all_maps();

}  // namespace sonde::prober::blackbox
