// What a DNS reply means for a question: one place for the resolve stage and the dns check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/outcome.h"
#include "io/dns_client.h"

namespace sonde::prober {

struct DnsAnswer {
  core::Cause cause = core::Cause::kNone;
  std::string detail;
  std::vector<std::string> data;         // records of the type asked for, along the aliases, in presentation form
  std::vector<std::string> aliases;      // the names that lead there, without the one asked for
  std::optional<std::uint32_t> min_ttl;  // of these records and the aliases that lead to them
  std::optional<std::uint32_t> max_ttl;
};

/// Reads the reply to a question for `name` (lower case, no final dot), with TYPE or CLASS ANY for all of the name.
/// Follows at most 16 aliases (RELIABILITY D35 to D37). Records of other owners, types and classes are ignored (D40,
/// D41).
[[nodiscard]] DnsAnswer read_answer(const io::DnsReply& reply, std::string_view name, core::dns::Type type,
                                    std::uint16_t klass = core::dns::kClassIn);

/// A name as answers hold it: lower case, no final dot.
[[nodiscard]] std::string canonical_name(std::string_view name);

}  // namespace sonde::prober
