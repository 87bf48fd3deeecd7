// The list. A new kind of check gets its line here.
#include "prober/checks/checks.h"

#include <array>

namespace sonde::prober {

std::span<const CheckType* const> all_checks() {
  static constexpr std::array<const CheckType*, 4> kAll = {&kDnsCheck, &kTcpCheck, &kTlsCheck, &kHttpCheck};
  return kAll;
}

const CheckType& check_type(core::CheckKind kind) { return *all_checks()[static_cast<std::size_t>(kind)]; }

}  // namespace sonde::prober
