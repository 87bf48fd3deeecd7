// Allocation and system-call torture of the log (RELIABILITY 1.6, proof 6): the Nth operator new and the Nth operation
// on the disk fail, N going up until nothing fails any more. After each: nothing that was accepted is missing and
// untold, the books sum up, nothing crashes; under AddressSanitizer, nothing leaks.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "pipeline/dead_letter.h"
#include "tests/unit/torture/failing_new.h"
#include "tests/unit/torture/log_life.h"
#include "tests/unit/torture/outside_files.h"

namespace sonde::pipeline::test {
namespace {

using core::ErrorCode;
using sonde::test::FailingNew;
using sonde::test::FileOperation;
using sonde::test::OutsideFiles;
using sonde::test::SimFiles;

/// Every N with SONDE_LONG=1; else as many as take some seconds, spread over all of them.
std::uint64_t stride(std::uint64_t all, std::uint64_t affordable) {
  return std::getenv("SONDE_LONG") != nullptr ? 1 : std::max<std::uint64_t>(1, all / affordable);
}

TEST(LogTorture, ALifeWithoutFailuresEvictsDeliversAndSumsUp) {
  SimFiles files;
  Ledger ledger;
  live(files, ledger);
  EXPECT_EQ(ledger.failures, 0U);
  EXPECT_EQ(ledger.accepted.size(), ledger.offered.size());
  EXPECT_LT(ledger.got.size(), ledger.accepted.size()) << "some are evicted";
  EXPECT_EQ(settle(files, ledger), "");
}

TEST(LogTorture, P15_AnAllocationThatFailsLosesNothing) {
  std::uint64_t all = 0;
  for (int life = 0; life < 2; ++life) {  // the first one allocates what this process keeps, such as its logger
    SimFiles files;
    OutsideFiles outside{files};
    Ledger ledger;
    const FailingNew counting{0};
    live(outside, ledger);
    all = counting.counted();
  }
  ASSERT_GT(all, 300U);
  const std::uint64_t step = stride(all, 700);
  for (std::uint64_t n = 1; n <= all; n += step) {
    SimFiles files;
    SimFiles killed;  // what a process that ends there leaves
    Ledger then;
    Ledger ledger;
    OutsideFiles outside{files};
    bool failed = false;
    {
      const FailingNew failing{n, [&] {
                                 copy_files(files, killed);
                                 then = ledger;
                               }};
      live(outside, ledger);
      failed = failing.failed();
    }
    ASSERT_TRUE(failed) << n;
    EXPECT_EQ(settle(killed, then), "") << "killed at allocation " << n;
    EXPECT_EQ(settle(files, ledger), "") << "after allocation " << n;
    if (HasFailure()) return;
  }
  std::printf("%lu allocations, every %lu\n", all, step);
}

constexpr std::array kOperations{
    FileOperation::kOpen,    FileOperation::kLock,          FileOperation::kList,    FileOperation::kMakeDirectories,
    FileOperation::kRemove,  FileOperation::kSyncDirectory, FileOperation::kSize,    FileOperation::kFreeBytes,
    FileOperation::kWriteAt, FileOperation::kReadAt,        FileOperation::kReserve, FileOperation::kTruncate,
    FileOperation::kSync};

void fail_nth(FileOperation operation, std::uint64_t n, ErrorCode code, int times) {
  SimFiles files;
  SimFiles killed;
  Ledger ledger;
  Ledger then;
  files.fail_nth(operation, n, code, times);
  bool was_killed = false;
  live(files, ledger, [&] {
    if (was_killed || files.failures() == 0) return;
    was_killed = true;
    copy_files(files, killed);
    then = ledger;
  });
  ASSERT_GT(files.failures(), 0U);
  files.heal();
  EXPECT_EQ(settle(killed, then), "") << "killed after that step";
  EXPECT_EQ(settle(files, ledger), "");
}

TEST(LogTorture, P15_AnOperationOnTheDiskThatFailsLosesNothing) {
  SimFiles whole;
  Ledger ledger;
  live(whole, ledger);
  std::uint64_t tried = 0;
  for (const FileOperation operation : kOperations) {
    const std::uint64_t all = whole.count(operation);
    EXPECT_GT(all, 0U) << static_cast<int>(operation);
    const std::uint64_t step = stride(all, 50);
    for (std::uint64_t n = 1; n <= all; n += step) {
      for (const ErrorCode code : {ErrorCode::kIo, ErrorCode::kNoSpace}) {
        for (const int times : {1, 2, 3}) {
          SCOPED_TRACE(testing::Message() << "operation " << static_cast<int>(operation) << ", number " << n << ", "
                                          << times << " times, code " << static_cast<int>(code));
          fail_nth(operation, n, code, times);
          ++tried;
          if (HasFailure()) return;
        }
      }
    }
  }
  std::printf("%lu failures\n", tried);
}

/// Thirty letters, each as long as a sixth of the file. How many add() said to be kept, and are found behind each
/// other.
void write_letters(SimFiles& files, std::set<int>& kept) {
  DeadLetterFile letters{files, "/d/letters", 6000};
  for (int n = 0; n < 30; ++n) {
    const std::string line = fmt::format("probe n={} {}", n, std::string(400, 'x'));
    if (letters.add({.time = {}, .sink = "s", .reason = "because", .line = line})) kept.insert(n);
  }
}

TEST(LogTorture, P8_ADeadLetterThatWasTakenIsThereWhateverFails) {
  SimFiles whole;
  std::set<int> all;
  (void)whole.make_directories("/d");
  write_letters(whole, all);
  ASSERT_EQ(all.size(), 30U);
  ASSERT_GT(whole.count(FileOperation::kRename), 3U);
  const std::uint64_t operations = whole.operations();
  for (std::uint64_t n = 2; n <= operations; ++n) {
    SCOPED_TRACE(testing::Message() << "operation " << n);
    SimFiles files;
    (void)files.make_directories("/d");
    files.fail_at(n, ErrorCode::kNoSpace, 20);
    std::set<int> kept;
    write_letters(files, kept);
    EXPECT_GE(kept.size(), 29U) << "one failure costs one letter at most";
    const std::string text = files.contents("/d/letters.1") + files.contents("/d/letters");
    EXPECT_LE(text.size(), 7000U);
    EXPECT_EQ(std::ranges::count(text, '\n'), std::ranges::count(text, '{')) << "half a letter";
    int newest = -1;
    for (const int k : kept) {
      if (text.find(fmt::format("n={} x", k)) != std::string::npos) newest = k;
    }
    EXPECT_EQ(newest, *kept.rbegin()) << "the newest is there";
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
