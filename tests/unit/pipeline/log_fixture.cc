// Helpers of the log's tests.
#include "tests/unit/pipeline/log_fixture.h"

#include <numeric>

#include "core/line_protocol.h"
#include "pipeline/log_format.h"

namespace sonde::pipeline::test {

LogOptions small_log() {
  LogOptions options;
  options.directory = kDirectory;
  options.segment_bytes = 64 * 1024;
  options.bytes_max = 64 * 1024 * 1024;
  options.free_bytes_min = 0;
  return options;
}

core::Record numbered(RecordClass record_class, int number, std::size_t padding) {
  core::Record r;
  r.measurement = record_class == RecordClass::kA ? "target" : record_class == RecordClass::kB ? "probe" : "trace";
  r.add_tag("vantage", "v1");
  r.add_field("n", std::int64_t{number});
  if (padding > 0) {
    std::string text;  // hard to compress, so that sizes mean something
    std::uint64_t state = static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15ULL + 1;
    while (text.size() < padding) {
      state ^= state << 13, state ^= state >> 7, state ^= state << 17;
      text += static_cast<char>('0' + state % 75);
    }
    r.add_field("text", text);
  }
  r.time = core::from_unix_ms(1748649600000 + number);  // a day before the simulated clock begins
  return r;
}

core::Record probe(int number, std::size_t padding) { return numbered(RecordClass::kB, number, padding); }

std::vector<int> numbers_in(std::string_view lines, RecordClass record_class) {
  std::vector<int> out;
  core::decode_lines(
      lines, core::Precision::kNanoseconds, {},
      [&](core::Record r) {
        if (r.measurement != "gap" && class_of(r) == record_class) out.push_back(static_cast<int>(*r.integer("n")));
      },
      [](core::LineError e) { ADD_FAILURE() << "line " << e.line << ": " << e.message; });
  return out;
}

std::vector<core::Record> gaps_in(std::string_view lines) {
  std::vector<core::Record> out;
  core::decode_lines(
      lines, core::Precision::kNanoseconds, {},
      [&](core::Record r) {
        if (r.measurement == "gap") out.push_back(std::move(r));
      },
      [](core::LineError e) { ADD_FAILURE() << "line " << e.line << ": " << e.message; });
  return out;
}

std::vector<int> range(int from, int to) {
  std::vector<int> out(static_cast<std::size_t>(to - from));
  std::iota(out.begin(), out.end(), from);
  return out;
}

std::unique_ptr<Log> must_open(io::Loop& loop, io::Files& files, const LogOptions& options) {
  auto log = open_log(loop, files, options);
  if (!log) {
    ADD_FAILURE() << log.error().message;
    std::abort();
  }
  return std::move(*log);
}

std::string drain(Cursor& cursor, bool commit, std::size_t bytes_max) {
  std::string out;
  while (true) {
    auto batch = cursor.read(bytes_max);
    if (!batch) {
      ADD_FAILURE() << batch.error().message;
      return out;
    }
    if (batch->records == 0) return out;
    EXPECT_EQ(batch->next, batch->first + batch->records);
    out += batch->lines;
    if (commit) cursor.commit(batch->next, 0);
  }
}

void expect_balanced(Log& log) {
  for (Cursor* cursor : log.cursors()) {
    const LogCounters c = cursor->counters();
    EXPECT_TRUE(c.balanced()) << cursor->name() << ": " << c.accepted << " = " << c.delivered << " + " << c.pending
                              << " + " << c.evicted << " + " << c.dead_lettered << " + " << c.quarantined;
    EXPECT_LT(c.pending, 1ULL << 40) << "a count below zero";
  }
}

void copy_files(const sonde::test::SimFiles& from, sonde::test::SimFiles& to, const std::string& directory) {
  (void)to.make_directories(directory);
  for (const std::string& path : from.paths()) {
    if (path.starts_with(directory + "/")) to.set_contents(path, from.contents(path));
  }
}

std::vector<std::string> segment_paths(sonde::test::SimFiles& files, const std::string& folder) {
  std::vector<std::string> out;
  const std::string directory = std::string{kDirectory} + "/" + folder;
  const auto names = files.list(directory);
  if (!names) return out;
  for (const std::string& name : *names) {
    if (segment_number(name)) out.push_back(directory + "/" + name);
  }
  return out;
}

}  // namespace sonde::pipeline::test
