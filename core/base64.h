// Base64 with padding (RFC 4648 4).
#pragma once

#include <string>
#include <string_view>

namespace sonde::core {

[[nodiscard]] std::string base64(std::string_view bytes);

}  // namespace sonde::core
