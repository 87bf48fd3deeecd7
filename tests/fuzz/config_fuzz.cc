// Fuzz target: configuration text. Bad text gives errors with a place, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/config_node.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sonde::core;
  ConfigErrors errors;
  const ConfigNode root = parse_yaml({reinterpret_cast<const char*>(data), size}, "fuzz.yaml", nullptr, errors);
  MapReader map{root, "fuzz", errors};
  if (const ConfigNode* node = map.key("every"))
    (void)read_duration(*node, std::chrono::seconds{1}, std::chrono::hours{1}, errors);
  if (const ConfigNode* node = map.key("regions")) (void)read_strings(*node, errors);
  map.finish();
  (void)errors.to_string();
  return 0;
}
