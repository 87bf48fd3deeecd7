// The list of all kinds of check.
#pragma once

#include <span>

#include "prober/check.h"

namespace sonde::prober {

extern const CheckType kDnsCheck;
extern const CheckType kTcpCheck;
extern const CheckType kTlsCheck;
extern const CheckType kHttpCheck;

/// In the order of core::CheckKind.
[[nodiscard]] std::span<const CheckType* const> all_checks();
[[nodiscard]] const CheckType& check_type(core::CheckKind kind);

}  // namespace sonde::prober
