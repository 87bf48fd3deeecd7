// JSON as the hub writes it: keys in the order set, broken UTF-8 replaced, unknown values left out.
// For .cc files of hub/ only: it brings the JSON library with it.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/text.h"

namespace sonde::hub {

using Json = nlohmann::ordered_json;

/// One line of text. Never throws: bytes that are no UTF-8 come out as U+FFFD.
inline std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Sets `key` unless the text is empty.
inline void set_known(Json& json, const char* key, std::string_view text) {
  if (!text.empty()) json[key] = text;
}
template <typename T>
void set_known(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

/// The text at `key` of an object, or "" where it is absent or no text.
inline std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Sets `PREFIX_en` and `PREFIX_zh`.
inline void set_text(Json& json, const std::string& prefix, const core::BilingualText& text) {
  json[prefix + "_en"] = text.en;
  json[prefix + "_zh"] = text.zh;
}

}  // namespace sonde::hub
