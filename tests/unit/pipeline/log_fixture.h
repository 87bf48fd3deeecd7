// A log on a simulated disk and clock, with records that can be told apart, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/record.h"
#include "pipeline/log.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_loop.h"

namespace sonde::pipeline::test {

inline constexpr char kDirectory[] = "/var/log";

/// Options that do not depend on a large disk.
LogOptions small_log();

/// A record of the given class that carries `number` and `padding` bytes of text.
core::Record numbered(RecordClass record_class, int number, std::size_t padding = 0);
core::Record probe(int number, std::size_t padding = 0);

/// The numbers of class "a", "b", "c" records of a text, in order; gap records are left out.
std::vector<int> numbers_in(std::string_view lines, RecordClass record_class = RecordClass::kB);
/// The `gap` records of a text.
std::vector<core::Record> gaps_in(std::string_view lines);

std::vector<int> range(int from, int to);

/// Opens the log in kDirectory; a failure ends the test.
std::unique_ptr<Log> must_open(io::Loop& loop, io::Files& files, const LogOptions& options = small_log());

/// Reads everything that is readable and commits it when told so.
std::string drain(Cursor& cursor, bool commit = true, std::size_t bytes_max = 1 << 20);

/// accepted = delivered + pending + evicted + dead_lettered + quarantined, for each cursor (RELIABILITY P15).
void expect_balanced(Log& log);

/// Copies all files of a log to another simulated disk, as a process finds them after the last one was killed.
void copy_files(const sonde::test::SimFiles& from, sonde::test::SimFiles& to,
                const std::string& directory = kDirectory);

/// Paths of all files of the log, segments of `folder` ("a", "b", "c") only when one is given.
std::vector<std::string> segment_paths(sonde::test::SimFiles& files, const std::string& folder);

}  // namespace sonde::pipeline::test
