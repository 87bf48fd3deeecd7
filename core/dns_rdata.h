// Record data of DNS between wire and presentation form, type by type. Used by dns_message.cc alone.
#pragma once

#include <string>
#include <string_view>

#include "core/dns_message.h"
#include "core/dns_wire.h"

namespace sonde::core::dns {

/// Presentation of the data that `rdata` holds, all of it; makes `rdata` fail where it does not fit the type.
/// Types without a form of their own come out as RFC 3597 5 has it: `\# 4 0a000001`.
[[nodiscard]] std::string present_rdata(Type type, WireReader& rdata);

/// The way back for A, AAAA, CNAME, NS, PTR, MX, TXT, SOA, SRV, CAA and the generic form; `out` fails on all else.
void write_rdata(Type type, std::string_view presentation, WireWriter& out);

}  // namespace sonde::core::dns
