// Looking up facts of a measurement by type, and the words that stages share. Text facts come out harmless.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "core/measurement.h"

namespace sonde::cli {

[[nodiscard]] std::optional<double> number_of(const core::Measurement& m, const core::Field& field);
[[nodiscard]] std::optional<std::int64_t> integer_of(const core::Measurement& m, const core::Field& field);
/// "" where it is absent.
[[nodiscard]] std::string text_of(const core::Measurement& m, const core::Field& field);

/// Bytes of body that came.
[[nodiscard]] std::optional<std::int64_t> body_bytes(const core::Measurement& m);
/// What a field means, in the language of `t`.
[[nodiscard]] std::string_view meaning_of(const core::Field& field, const Terminal& t);

/// "123 ms" of a number of seconds.
[[nodiscard]] std::string seconds_text(double seconds);
/// "1.2 KB" of a number of bytes.
[[nodiscard]] std::string bytes_text(std::int64_t bytes);

/// What the run found out at each stage, as short phrases. A fact that is absent has none.
[[nodiscard]] std::vector<std::string> dns_facts(const core::Measurement& m, const Terminal& t);
[[nodiscard]] std::vector<std::string> tcp_facts(const core::Measurement& m, const Terminal& t);
[[nodiscard]] std::vector<std::string> tls_facts(const core::Measurement& m, const Terminal& t);
/// Of the certificates: `now` is for the days that are left, `url` for the name that they must be for.
[[nodiscard]] std::vector<std::string> certificate_facts(const core::Measurement& m, std::string_view url,
                                                         core::WallTime now, const Terminal& t);
/// Which of the comma-separated `names` covers `host`, or "" (RFC 6125 6.4: a wildcard is one whole first label).
[[nodiscard]] std::string covering_name(std::string_view names, std::string_view host);
[[nodiscard]] std::vector<std::string> http_facts(const core::Measurement& m, const Terminal& t);
[[nodiscard]] std::vector<std::string> transfer_facts(const core::Measurement& m, const Terminal& t);

/// Facts in lines of at most `columns`, broken between facts where that is possible.
[[nodiscard]] std::vector<std::string> lay_out(const std::vector<std::string>& facts, int columns, const Terminal& t);

/// Whole days until `expiry` (seconds since 1970), rounded towards the past.
[[nodiscard]] std::int64_t days_left(std::int64_t expiry, core::WallTime now);

/// "tls_expired: the certificate has expired (ended 2025-01-01)"; "" when all went well.
[[nodiscard]] std::string cause_text(const core::Outcome& outcome, const Terminal& t);

/// What whoever sees this outcome should do next, one or two sentences; "" when all went well.
[[nodiscard]] std::string_view advice(const core::Outcome& outcome, const Terminal& t);

}  // namespace sonde::cli
