// Fuzz target: configuration text. Bad text gives errors with a place, never a crash.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/config_table.h"

using sonde::core::Key;
using sonde::core::KeyKind;

constexpr std::array kKeys = {Key{.name = "every", .kind = KeyKind::kDuration, .min = 1, .max = 3'600'000},
                              Key{.name = "regions", .kind = KeyKind::kTexts},
                              Key{.name = "headers", .kind = KeyKind::kTextMap},
                              Key{.name = "file", .kind = KeyKind::kPath}};
constexpr sonde::core::KeyTable kTable{.what = "fuzz", .keys = kKeys};

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::core;
  ConfigErrors errors;
  const ConfigNode root = parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", nullptr, errors);
  const TableReader map{root, kTable, errors};
  (void)map.duration("every");
  (void)map.texts("regions");
  (void)map.text_map("headers");
  (void)map.path("file");
  (void)errors.to_string(Language::kChinese);
  return 0;
}
