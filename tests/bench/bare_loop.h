// The floor: the same checks with nothing but epoll, sockets and OpenSSL, and no record of anything.
#pragma once

#include <cstddef>
#include <string>

#include "tests/bench/bench_servers.h"

namespace sonde::bench {

/// Runs `checks` checks of one kind against a port of 127.0.0.1 with `in_flight` at a time, on this thread.
/// Returns how many succeeded.
std::size_t run_bare(Kind kind, int port, std::size_t checks, std::size_t in_flight, const std::string& ca_file);

}  // namespace sonde::bench
