// How the hub answers: JSON bodies, errors, and the headers that every answer carries.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/http_server.h"

namespace sonde::hub {

[[nodiscard]] io::ServerResponse json_answer(std::string body);
/// `{"error": {"message": "…"}}`
[[nodiscard]] io::ServerResponse error_answer(int status, std::string_view message);
/// `{"error": "…"}`, as InfluxDB says it and its clients read it.
[[nodiscard]] io::ServerResponse influx_error(int status, std::string_view message);
/// 405 with Allow.
[[nodiscard]] io::ServerResponse method_not_allowed(std::string_view allow);

/// A responder that adds the security headers to whatever is answered through it (RELIABILITY §3.1, "Dashboard").
[[nodiscard]] std::unique_ptr<io::Responder> with_security_headers(std::unique_ptr<io::Responder> inner);

}  // namespace sonde::hub
