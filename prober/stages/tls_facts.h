// What a TLS session showed, written into a run's measurement.
#pragma once

#include "core/measurement.h"
#include "io/tls_client.h"

namespace sonde::prober {

/// The facts, as far as the handshake came.
void set_tls_facts(const io::TlsFacts& facts, core::Measurement& m);

/// Facts, time and, where the session failed, the outcome. False when it failed.
bool set_tls_result(const io::TlsResult& result, core::Measurement& m);

/// For a run whose deadline came first: what `session` knows so far. A failure that was certain already stays what it
/// is; else it is `why` at stage tls.
void give_up_tls(const io::TlsSession& session, core::Cause why, core::Measurement& m);

}  // namespace sonde::prober
