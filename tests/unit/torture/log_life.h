// A short life of a log in which every part of it works: three classes, several segments, two readers, both lanes, an
// eviction, a restart. What it was given and what its reader got is kept, to be compared whatever failed in between.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {

/// What the outside knows of a log.
struct Ledger {
  std::set<int> accepted;                      // appended while the log worked, and append() returned
  std::set<int> in_memory;                     // the same while the log said that it keeps records in memory only
  std::set<int> offered;                       // appended, whatever came of it
  std::set<int> got;                           // read by the reader "s", by anyone's hand
  std::map<std::int64_t, std::uint64_t> told;  // time and count of gap records, as the reader "w" got them
  bool degraded = false;  // the log said, when it was looked at last, that it keeps records in memory only
  std::uint64_t failures = 0;
  std::string wrong;  // the first thing that must not be
};

/// Runs the life; each step of it may throw, and the next one goes on. `after_step` is called after each.
void live(io::Files& files, Ledger& ledger, const std::function<void()>& after_step = {});

/// Opens what is left, reads the rest as "s", and says what is missing; empty when all is well.
std::string settle(io::Files& files, Ledger ledger);

}  // namespace sonde::pipeline::test
