// The log against a disk that fails or loses power at every single operation (RELIABILITY 1.6, proof 1).
#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/log.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;

/// What a run did before the power went.
struct Told {
  int appended = 0;  // numbers below this were handed in
  int durable = 0;   // numbers below this were said to be durable
  int taken = 0;     // numbers below this were committed by the reader and may be removed
  bool balanced = true;
};

void check_balance(Log& log, Told& told) {
  for (const Cursor* cursor : log.cursors()) told.balanced &= cursor->counters().balanced();
}

/// A short life: open, three commits with reading in between, segments that fill up, an orderly end.
Told run_script(SimFiles& files) {
  SimLoop loop;
  Told told;
  LogOptions options = small_log();
  options.segment_bytes = 16 * 1024;
  auto opened = open_log(loop, files, options);
  if (!opened) return told;
  Log& log = **opened;
  Cursor& cursor = log.cursor("s");
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 6; ++i) log.append(probe(told.appended++, 1500));
    if (log.flush()) told.durable = told.appended;
    auto batch = cursor.read(4000);
    if (batch && batch->records > 0) {
      cursor.commit(batch->next, 0);
      told.taken += static_cast<int>(batch->records);
    }
    loop.run_for(milliseconds{300});
    if (log.degraded().empty() && log.flush()) told.durable = told.appended;
    check_balance(log, told);
  }
  return told;
}

/// accepted is a subset of recovered; nothing that was not appended; nothing twice; in order.
void expect_recovered(SimFiles& files, const Told& told) {
  SimLoop loop;
  auto log = must_open(loop, files);
  EXPECT_EQ(log->degraded(), "");
  const std::vector<int> numbers = numbers_in(drain(log->cursor("fresh")));
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_EQ(std::adjacent_find(numbers.begin(), numbers.end()), numbers.end()) << "a record came twice";
  for (const int n : numbers) EXPECT_TRUE(n >= 0 && n < told.appended) << "a record that nobody appended";
  for (int n = told.taken; n < told.durable; ++n) {
    EXPECT_TRUE(std::binary_search(numbers.begin(), numbers.end(), n)) << "durable record " << n << " is gone";
  }
  const std::vector<int> rest = numbers_in(drain(log->cursor("s")));
  EXPECT_TRUE(rest.empty() || rest.back() == (numbers.empty() ? -1 : numbers.back()));
  expect_balanced(*log);
  EXPECT_TRUE(told.balanced);
}

std::uint64_t operations_of_script() {
  SimFiles files;
  const Told told = run_script(files);
  EXPECT_EQ(told.durable, 24);
  return files.operations();
}

TEST(LogCrash, PowerLossAtEveryOperationKeepsWhatWasDurable) {
  const std::uint64_t operations = operations_of_script();
  ASSERT_GT(operations, 50U);
  for (std::uint64_t n = 1; n <= operations; ++n) {
    for (const std::size_t torn : {0U, 40U, 700U}) {
      SCOPED_TRACE(testing::Message() << "operation " << n << ", torn " << torn);
      SimFiles files;
      files.fail_from(n, torn);
      const Told told = run_script(files);
      files.crash();
      expect_recovered(files, told);
    }
  }
}

TEST(LogCrash, PowerLossThatKeptSomeUnsyncedWritesAddsNothingWrong) {
  const std::uint64_t operations = operations_of_script();
  for (std::uint64_t n = 1; n <= operations; ++n) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      SCOPED_TRACE(testing::Message() << "operation " << n << ", seed " << seed);
      SimFiles files;
      files.fail_from(n, seed * 100);
      const Told told = run_script(files);
      files.crash_torn(seed);
      expect_recovered(files, told);
    }
  }
}

TEST(LogCrash, AnOperationThatFailsOnceLosesNothing) {
  const std::uint64_t operations = operations_of_script();
  for (std::uint64_t n = 1; n <= operations; ++n) {
    SCOPED_TRACE(testing::Message() << "operation " << n);
    SimFiles files;
    files.fail_at(n, core::ErrorCode::kIo, 100);
    const Told told = run_script(files);
    EXPECT_EQ(told.appended, 24);
    expect_recovered(files, told);
  }
}

TEST(LogCrash, AKillAtEveryOperationLosesNothingThatWasAppended) {
  const std::uint64_t operations = operations_of_script();
  for (std::uint64_t n = 12; n <= operations; ++n) {  // from 12 on the log is open
    SCOPED_TRACE(testing::Message() << "operation " << n);
    SimFiles files;
    SimLoop loop;
    LogOptions options = small_log();
    options.segment_bytes = 16 * 1024;
    auto log = must_open(loop, files, options);
    int appended = 0;
    while (files.operations() < n && appended < 1000) {
      log->append(probe(appended++, 1500));
      if (appended % 5 == 0) loop.run_for(milliseconds{250});
    }
    SimFiles after;
    copy_files(files, after);
    SimLoop next_loop;
    auto next = must_open(next_loop, after);
    EXPECT_EQ(numbers_in(drain(next->cursor("s"))), range(0, appended));
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
