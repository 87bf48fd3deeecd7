// One DNS question over a connected stream: TCP, or the inside of a TLS session (DoT).
// Source: RFC 1035 4.2.2 (two bytes of length), RFC 7766, RFC 7858.
#pragma once

#include "io/dns_query.h"

namespace sonde::io {

/// Asks over `fd` (connected and non-blocking; it stays the caller's and must outlive the handle).
/// `done` is called once, later, never from inside; there is no timeout here. The reply's `elapsed` is from sending to
/// the last byte of the answer. An answer that dislikes EDNS is asked for again without it, once, on the same stream.
/// Errors: kTcpShort (closed or reset before the answer was whole), kMalformed (also a length below a header's, D24).
[[nodiscard]] Handle ask_over_stream(Loop& loop, int fd, const DnsPacket& packet, Callback<void(DnsReply)> done);

}  // namespace sonde::io
