// Looking at a log from the outside: ls, verify, cat, export; and repair.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "pipeline/log_format.h"
#include "pipeline/log_repair.h"
#include "pipeline/log_survey.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;

struct LogSurveyTest : testing::Test {
  void append(int count, RecordClass record_class = RecordClass::kB) {
    for (int i = 0; i < count; ++i) log->append(numbered(record_class, next++, 300));
    ASSERT_TRUE(log->flush());
  }
  LogSurvey survey() {
    auto found = survey_log(files, kDirectory, true);
    EXPECT_TRUE(found) << found.error().message;
    return found ? std::move(*found) : LogSurvey{};
  }
  std::string cat(const LogFilter& filter = {}) {
    std::string out;
    const auto read = read_log(files, kDirectory, filter, [&](std::string_view lines) {
      out += lines;
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    return out;
  }
  static std::uint64_t records(const LogSurvey& s) {
    std::uint64_t sum = s.journal_records;
    for (const SurveyedSegment& segment : s.segments) sum += segment.records;
    return sum;
  }
  /// Everything on the simulated disk.
  std::map<std::string, std::string> all() {
    std::map<std::string, std::string> out;
    for (const char* folder : {"a", "b", "c"}) {
      for (const std::string& path : segment_paths(files, folder)) out[path] = files.contents(path);
    }
    for (const char* name : {"/journal", "/cursors", "/lock"}) {
      const std::string path = std::string{kDirectory} + name;
      out[path] = files.contents(path);
    }
    return out;
  }

  SimLoop loop;
  SimFiles files;
  std::unique_ptr<Log> log = must_open(loop, files);
  int next = 0;
};

TEST_F(LogSurveyTest, CountsSegmentsReadersAndTheJournal) {
  Cursor& cursor = log->cursor("db");
  append(400);
  append(10, RecordClass::kA);
  (void)cursor.read(1 << 14);
  const auto batch = cursor.read(1);
  ASSERT_TRUE(batch);
  cursor.commit(batch->next, 0);
  ASSERT_TRUE(log->flush());
  for (int i = 0; i < 7; ++i) log->append(probe(next++));  // in the journal only
  const LogSurvey s = survey();
  EXPECT_EQ(records(s), 417U);
  EXPECT_EQ(s.journal_records, 7U);
  EXPECT_TRUE(s.findings.empty());
  EXPECT_GE(s.segments.size(), 2U);
  ASSERT_EQ(s.readers.size(), 1U);
  EXPECT_EQ(s.readers[0].state.name, "db");
  EXPECT_EQ(s.readers[0].pending, cursor.counters().pending);
  for (const SurveyedSegment& segment : s.segments) {
    EXPECT_EQ(segment.bytes, files.contents(segment.path).size());
    EXPECT_LE(segment.first_ms, segment.last_ms);
    EXPECT_GT(segment.first_ms, 0);
  }
}

TEST_F(LogSurveyTest, ReadsWhatAReaderReadsInItsOrderAndThenTheJournal) {
  Cursor& cursor = log->cursor("db");
  for (int round = 0; round < 20; ++round) {
    append(15);
    append(2, RecordClass::kA);
    append(3, RecordClass::kC);
  }
  const std::string expected = drain(cursor, false);
  EXPECT_EQ(cat(), expected);
  for (int i = 0; i < 5; ++i) log->append(probe(next++));
  std::string with_journal = cat();
  ASSERT_TRUE(with_journal.starts_with(expected));
  EXPECT_EQ(numbers_in(std::string_view{with_journal}.substr(expected.size())), range(next - 5, next));
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(numbers_in(cat()), numbers_in(with_journal)) << "a frame and the journal told the same twice";
}

TEST_F(LogSurveyTest, ChoosesByClassAndTime) {
  append(10);
  append(10, RecordClass::kA);
  LogFilter filter;
  filter.classes = {false, true, false};
  EXPECT_EQ(numbers_in(cat(filter)), range(0, 10));
  EXPECT_TRUE(numbers_in(cat(filter), RecordClass::kA).empty());
  filter = {};
  filter.from_ns = core::to_unix_ns(probe(5).time);
  filter.to_ns = core::to_unix_ns(probe(12).time);
  const std::string lines = cat(filter);
  EXPECT_EQ(numbers_in(lines), range(5, 10));
  EXPECT_EQ(numbers_in(lines, RecordClass::kA), range(10, 12));
}

TEST_F(LogSurveyTest, ReadingStopsWhenNobodyWantsMore) {
  for (int i = 0; i < 10; ++i) append(10);
  int calls = 0;
  const auto read = read_log(files, kDirectory, {}, [&](std::string_view) { return ++calls < 3; });
  ASSERT_TRUE(read);
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(read->stopped);
}

TEST_F(LogSurveyTest, ChangesNothingBesideARunningProcessAndTakesNoLock) {
  log->cursor("db");
  append(300);
  log->append(probe(next++));
  const auto before = all();
  // Any operation that writes would fail.
  for (const auto operation :
       {sonde::test::FileOperation::kLock, sonde::test::FileOperation::kAppend, sonde::test::FileOperation::kWriteAt,
        sonde::test::FileOperation::kTruncate, sonde::test::FileOperation::kSync, sonde::test::FileOperation::kRemove,
        sonde::test::FileOperation::kMakeDirectories, sonde::test::FileOperation::kReserve}) {
    files.fail_next(operation);
  }
  EXPECT_TRUE(survey().findings.empty());
  EXPECT_EQ(numbers_in(cat()), range(0, next));
  files.heal();
  EXPECT_EQ(all(), before);
}

// Each byte of a small log, flipped: verify tells it, inside of the file where it is, unless the byte is nobody's.
TEST_F(LogSurveyTest, P7_TellsEachFlippedByteWithItsOffset) {
  append(5);
  append(5);
  append(5);
  log.reset();
  const std::string path = segment_paths(files, "b").front();
  const std::size_t size = files.contents(path).size();
  std::size_t told = 0;
  for (std::size_t at = 0; at < size; ++at) {
    files.corrupt(path, at);
    const LogSurvey s = survey();
    const bool tail_of_last = at >= size - 64 - 400;  // a torn header at the end is an unfinished write
    const auto hit = std::ranges::find_if(s.findings, [&](const Finding& f) {
      return f.path == path && f.offset <= at && at < std::max(f.end, f.offset + 1);
    });
    if (hit == s.findings.end()) {
      EXPECT_TRUE(tail_of_last) << "byte " << at;
    } else {
      ++told;
    }
    files.corrupt(path, at);
  }
  EXPECT_GT(told, size - 600);
  EXPECT_TRUE(survey().findings.empty());
}

TEST_F(LogSurveyTest, SaysHowManyRecordsDamageCost) {
  for (int i = 0; i < 4; ++i) append(5);
  log.reset();
  const std::string path = segment_paths(files, "b").front();
  const std::string bytes = files.contents(path);
  std::vector<std::size_t> frames;
  for (auto at = find_frame_mark(bytes, 0); at != std::string::npos; at = find_frame_mark(bytes, at + 1)) {
    frames.push_back(at);
  }
  ASSERT_EQ(frames.size(), 4U);
  files.corrupt(path, frames[1] + 20);                      // a header
  files.corrupt(path, frames[2] + kFrameHeaderBytes + 30);  // a payload
  const LogSurvey s = survey();
  ASSERT_EQ(s.findings.size(), 2U);
  EXPECT_EQ(s.findings[0].kind, Finding::Kind::kNoFrame);
  EXPECT_EQ(s.findings[0].offset, frames[1]);
  EXPECT_EQ(s.findings[0].end, frames[2]);
  EXPECT_EQ(s.findings[0].records, 5U);
  EXPECT_EQ(s.findings[1].kind, Finding::Kind::kDamagedPayload);
  EXPECT_EQ(s.findings[1].offset, frames[2]);
  EXPECT_EQ(s.findings[1].records, 5U);
  std::vector<int> left = range(0, 5);
  for (const int n : range(15, 20)) left.push_back(n);
  EXPECT_EQ(numbers_in(cat()), left);
}

TEST_F(LogSurveyTest, AnUnfinishedEndIsNoDamage) {
  append(5);
  append(5);
  log.reset();
  const std::string path = segment_paths(files, "b").front();
  const std::string bytes = files.contents(path);
  files.set_contents(path, std::string_view{bytes}.substr(0, bytes.size() - 30));
  const LogSurvey s = survey();
  ASSERT_EQ(s.findings.size(), 1U);
  EXPECT_EQ(s.findings[0].kind, Finding::Kind::kUnfinished);
  EXPECT_FALSE(is_damage(s.findings[0]));
  EXPECT_EQ(numbers_in(cat()), range(0, 5));
}

TEST_F(LogSurveyTest, RepairMarksDamagePutsTheJournalInAndLosesNothingElse) {
  log->cursor("db");
  for (int i = 0; i < 4; ++i) append(5);
  for (int i = 0; i < 3; ++i) log->append(probe(next++));
  SimFiles after;
  copy_files(files, after);  // as a kill leaves it
  const std::string path = segment_paths(after, "b").front();
  const std::string bytes = after.contents(path);
  after.corrupt(path, find_frame_mark(bytes, kSegmentHeaderBytes + 1) + 20);
  SimLoop other;
  const auto report = repair_log(other, after, kDirectory);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->before.findings.size(), 1U);
  EXPECT_TRUE(report->after.findings.empty());
  EXPECT_EQ(report->before.journal_records, 3U);
  EXPECT_EQ(report->after.journal_records, 0U);
  EXPECT_EQ(report->degraded, "");
  EXPECT_GT(report->after.quarantine_bytes, 0U);
  std::string text;
  (void)read_log(after, kDirectory, {}, [&](std::string_view lines) {
    text += lines;
    return true;
  });
  std::vector<int> left = range(0, 5);
  for (const int n : range(10, 23)) left.push_back(n);
  EXPECT_EQ(numbers_in(text), left);
  const auto gaps = gaps_in(text);
  ASSERT_EQ(gaps.size(), 1U) << "what is lost is told to the readers";
  EXPECT_EQ(*gaps[0].integer("count"), 5);
}

TEST_F(LogSurveyTest, RepairRefusesWhatAnotherProcessHolds) {
  append(5);
  const auto before = all();
  SimLoop other;
  const auto report = repair_log(other, files, kDirectory);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, core::ErrorCode::kBusy);
  EXPECT_EQ(all(), before);
}

TEST_F(LogSurveyTest, ADirectoryWithoutALogIsAMistakeAndStaysEmpty) {
  for (const char* directory : {"/nowhere", "/empty"}) {
    SimFiles none;
    (void)none.make_directories("/empty");
    EXPECT_EQ(survey_log(none, directory, false).error().code, core::ErrorCode::kNotFound);
    SimLoop other;
    EXPECT_EQ(repair_log(other, none, directory).error().code, core::ErrorCode::kNotFound);
    EXPECT_EQ(read_log(none, directory, {}, [](std::string_view) { return true; }).error().code,
              core::ErrorCode::kNotFound);
    EXPECT_EQ(none.used_bytes(), 0U);
  }
}

TEST_F(LogSurveyTest, ANewerFormatIsRefusedByName) {
  append(5);
  log.reset();
  const std::string path = segment_paths(files, "b").front();
  std::string bytes = files.contents(path);
  bytes.replace(0, kSegmentHeaderBytes,
                encode(SegmentHeader{.version = 9, .record_class = RecordClass::kB, .number = 1, .first_seq = 1}));
  files.set_contents(path, bytes);
  EXPECT_EQ(survey_log(files, kDirectory, false).error().code, core::ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace sonde::pipeline::test
