// A short life of what delivers: a log, two pumps, an influx sink that meets every kind of answer, a file sink that
// rotates and packs. What the outside holds afterwards is compared with what was taken in.
#pragma once

#include <set>
#include <string>

#include "tests/support/sim_files.h"

namespace sonde::pipeline::test {

/// What lies outside of the process: the disk, the database, and what the process said it had taken in.
struct Outside {
  sonde::test::SimFiles files;
  std::set<int> stored;    // by the database
  std::set<int> accepted;  // append() returned
  std::uint64_t requests = 0;
};

/// Copies all of it, as a process that is killed leaves it.
void copy_outside(const Outside& from, Outside& to);

/// Runs the life until it ends or memory runs out; in both cases all that was built is destroyed in order. True when it
/// ended by itself.
bool deliver_for_a_while(Outside& outside);

/// A process with enough memory delivers the rest; says what is missing then, empty when nothing is.
std::string deliver_the_rest(Outside& outside);

}  // namespace sonde::pipeline::test
