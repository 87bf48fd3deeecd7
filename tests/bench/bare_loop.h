// The floor: the same checks with nothing but epoll, sockets and OpenSSL, and no record of anything.
#pragma once

#include <cstddef>
#include <string>

#include "tests/bench/bench_servers.h"

namespace sonde::bench {

/// How OpenSSL reads the public keys of certificates. OpenSSL 3.0 builds a chain of decoders for each key; its older
/// way, still there and taken when an ENGINE claims the key types, is much cheaper. Neither changes what is verified.
enum class KeyDecoding { kAsInThisProcess, kLegacy };

struct BareRun {
  Kind kind{};
  int port = 0;
  std::size_t checks = 0;
  std::size_t in_flight = 1;
  std::string ca_file;
  KeyDecoding decoding = KeyDecoding::kAsInThisProcess;
};

struct BareResult {
  double cpu_seconds = 0;  // user + sys
  std::size_t ok = 0;      // checks that succeeded
};

/// Runs checks against a port of 127.0.0.1 in a child process (so that its OpenSSL settings stay its own) and waits.
[[nodiscard]] BareResult run_bare(const BareRun& run);

/// Process-wide: from now on keys are decoded the legacy way. False where OpenSSL has no ENGINEs any more.
bool decode_keys_the_legacy_way();

}  // namespace sonde::bench
