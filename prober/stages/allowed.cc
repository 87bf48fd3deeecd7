// Judging addresses by the policy.
#include "prober/stages/allowed.h"

#include <string>

namespace sonde::prober {

using core::Cause;
using core::Stage;

Allowed allowed_of(const io::AddressPolicy& policy, const Resolved& resolved) {
  Allowed out;
  for (const io::IpAddress& a : resolved.addresses) {
    if (policy.denied(a).empty()) out.addresses.push_back(a);
  }
  if (!out.addresses.empty()) return out;
  const io::IpAddress& first = resolved.addresses.front();
  const std::string kind{policy.denied(first)};
  if (resolved.elapsed && io::is_bogon(kind)) {
    out.refused =
        core::failed(Stage::kDns, Cause::kBogon, "the name points to the " + kind + " address " + to_string(first));
  } else {
    out.refused = core::failed(Stage::kTcp, Cause::kPolicy,
                               to_string(first) + " is a " + kind + " address; policy.allow can permit it");
  }
  return out;
}

}  // namespace sonde::prober
