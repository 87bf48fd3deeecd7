// The file sink: what it writes again, how it rotates, and what it leaves after crashes and full disks.
#include "pipeline/file_sink.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <zlib.h>

#include "pipeline/lines.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_loop.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::FileOperation;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::minutes;
using std::chrono::seconds;

/// All members of a gzip file.
std::string unpack(const std::string& packed) {
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, 15 + 16), Z_OK);
  std::string out;
  std::string buffer(1 << 16, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  while (z.avail_in > 0) {
    z.next_out = reinterpret_cast<Bytef*>(buffer.data());
    z.avail_out = static_cast<uInt>(buffer.size());
    const int end = inflate(&z, Z_NO_FLUSH);
    out.append(buffer, 0, buffer.size() - z.avail_out);
    if (end == Z_STREAM_END) {
      inflateReset(&z);
    } else if (end != Z_OK) {
      ADD_FAILURE() << "not gzip";
      break;
    }
  }
  inflateEnd(&z);
  return out;
}

struct FileSinkTest : testing::Test {
  FileSinkTest() { EXPECT_TRUE(files.make_directories("/d")); }

  void open(FileRotation rotation = {}) {
    sink = make_file_sink(loop, files, {.name = "out", .path = "/d/out.lp", .rotation = rotation});
  }
  SinkReply deliver(const std::string& lines) {
    LogBatch batch;
    batch.lines = lines;
    batch.records = count_records(lines);
    std::optional<SinkReply> reply;
    (void)sink->deliver(batch, [&](SinkReply r) { reply = std::move(r); });
    if (!reply) ADD_FAILURE() << "no answer";
    return reply.value_or(SinkReply{});
  }
  /// Names of the rotated files, sorted.
  std::vector<std::string> rotated() {
    auto names = files.list("/d");
    if (!names) return {};
    std::erase(*names, "out.lp");
    return *names;
  }
  std::string current() const { return files.contents("/d/out.lp"); }

  SimLoop loop;
  SimFiles files;
  std::unique_ptr<Sink> sink;
};

TEST_F(FileSinkTest, WritesAgainWhatFailed) {
  const std::unique_ptr<Log> log = must_open(loop, files);
  Cursor& cursor = log->cursor("out");
  open();
  Pump pump{loop, cursor, *sink, {}};
  log->append(probe(1));
  ASSERT_TRUE(log->flush());
  files.fail_next(FileOperation::kAppend);
  loop.run_for(seconds{5});
  EXPECT_EQ(numbers_in(current()), range(1, 2));
  EXPECT_EQ(cursor.counters().delivered, 1U);
}

// A full disk tears lines: what is half there must not grow together with what comes next.
TEST_F(FileSinkTest, AFullDiskIsTriedAgainAndLeavesNoHalfLine) {
  open();
  ASSERT_EQ(deliver("a x=1 1\n").kind, SinkReply::Kind::kDone);
  files.set_capacity(files.used_bytes() + 5);
  const SinkReply reply = deliver("b x=22222 2\n");
  EXPECT_EQ(reply.kind, SinkReply::Kind::kRetry);
  EXPECT_FALSE(reply.message.empty());
  EXPECT_EQ(current(), "a x=1 1\n");
  files.set_capacity(std::nullopt);
  EXPECT_EQ(deliver("b x=22222 2\n").kind, SinkReply::Kind::kDone);
  EXPECT_EQ(current(), "a x=1 1\nb x=22222 2\n");
}

TEST_F(FileSinkTest, AStartGoesOnWithTheSameFileAndCutsATornLine) {
  files.set_contents("/d/out.lp", "a x=1 1\nb x=2");
  open();
  deliver("c x=3 3\n");
  EXPECT_EQ(current(), "a x=1 1\nc x=3 3\n");
}

TEST_F(FileSinkTest, WhatItAcknowledgedSurvivesACrash) {
  open();
  ASSERT_EQ(deliver("a x=1 1\n").kind, SinkReply::Kind::kDone);
  files.crash();
  EXPECT_EQ(current(), "a x=1 1\n");
}

TEST_F(FileSinkTest, RotatesBeforeAFileGrowsTooLarge) {
  open({.bytes = 20});
  deliver("a x=1 1\n");
  deliver("b x=2 2\n");
  EXPECT_TRUE(rotated().empty());
  deliver("c x=3 3\n");
  ASSERT_EQ(rotated().size(), 1U);
  EXPECT_EQ(files.contents("/d/" + rotated()[0]), "a x=1 1\nb x=2 2\n");
  EXPECT_EQ(current(), "c x=3 3\n");
}

TEST_F(FileSinkTest, RotatesByAgeAlsoAcrossStarts) {
  open({.every = minutes{10}});
  deliver("a x=1 1\n");
  loop.run_for(minutes{6});
  open({.every = minutes{10}});
  deliver("b x=2 2\n");
  EXPECT_TRUE(rotated().empty()) << "six minutes old";
  loop.run_for(minutes{6});
  open({.every = minutes{10}});
  deliver("c x=3 3\n");
  ASSERT_EQ(rotated().size(), 1U) << "twelve minutes old";
  EXPECT_EQ(count_records(files.contents("/d/" + rotated()[0])), 2U) << "the comment is no record";
  EXPECT_EQ(count_records(current()), 1U);
}

TEST_F(FileSinkTest, NamesOfRotatedFilesSortByAge) {
  open({.bytes = 8});
  for (int i = 0; i < 12; ++i) deliver("a x=1 " + std::to_string(i) + "\n");
  const auto names = rotated();
  ASSERT_EQ(names.size(), 11U) << "also several in one millisecond";
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(files.contents("/d/" + names[i]), "a x=1 " + std::to_string(i) + "\n");
  }
}

TEST_F(FileSinkTest, KeepsTheNewestAndTouchesNoOtherFile) {
  files.set_contents("/d/out-of-office.lp", "mine");
  files.set_contents("/d/out-20251125T112620.123Z.lp.bak", "mine");
  open({.bytes = 8, .keep = 2});
  for (int i = 0; i < 6; ++i) deliver("a x=1 " + std::to_string(i) + "\n");
  const auto names = rotated();
  ASSERT_EQ(names.size(), 4U);
  EXPECT_EQ(files.contents("/d/out-of-office.lp"), "mine");
  EXPECT_EQ(files.contents("/d/out-20251125T112620.123Z.lp.bak"), "mine");
  int kept = 0;
  for (const auto& name : names) {
    kept += files.contents("/d/" + name) == "a x=1 3\n" || files.contents("/d/" + name) == "a x=1 4\n";
  }
  EXPECT_EQ(kept, 2);
}

TEST_F(FileSinkTest, PacksRotatedFilesALittleAtATime) {
  std::string big;
  while (big.size() < 400'000) big += "a x=1 " + std::to_string(big.size()) + "\n";
  open({.bytes = 500'000, .gzip = true});
  deliver(big);
  deliver(big);
  ASSERT_EQ(rotated().size(), 2U) << "the file and the half that it is packed to";
  loop.run_for(seconds{10});
  ASSERT_EQ(rotated().size(), 1U);
  EXPECT_TRUE(rotated()[0].ends_with("Z.lp.gz")) << rotated()[0];
  EXPECT_TRUE(unpack(files.contents("/d/" + rotated()[0])) == big);
}

TEST_F(FileSinkTest, AStartPacksWhatTheLastOneLeft) {
  files.set_contents("/d/out-20251125T112620.123Z.lp", "a x=1 1\n");
  files.set_contents("/d/out-20251125T112620.123Z.lp.gz.part", "half");
  open({.bytes = 1000, .gzip = true});
  loop.run_for(seconds{1});
  ASSERT_EQ(rotated(), std::vector<std::string>{"out-20251125T112620.123Z.lp.gz"});
  EXPECT_EQ(unpack(files.contents("/d/" + rotated()[0])), "a x=1 1\n");
}

TEST_F(FileSinkTest, AFileThatCannotBeRotatedGrowsOn) {
  open({.bytes = 8});
  deliver("a x=1 1\n");
  files.fail_next(FileOperation::kRename);
  EXPECT_EQ(deliver("b x=2 2\n").kind, SinkReply::Kind::kDone);
  EXPECT_EQ(current(), "a x=1 1\nb x=2 2\n");
  deliver("c x=3 3\n");
  EXPECT_EQ(current(), "c x=3 3\n");
}

// Every operation fails in turn, then the power goes: what was acknowledged is there once or more, and whole.
TEST_F(FileSinkTest, LosesNothingWhateverFails) {
  for (std::uint64_t n = 1; n < 60; ++n) {
    SCOPED_TRACE(n);
    SimLoop own_loop;
    SimFiles disk;
    ASSERT_TRUE(disk.make_directories("/d"));
    ASSERT_TRUE(disk.sync_directory("/"));
    const FileSinkOptions options{
        .name = "out", .path = "/d/out.lp", .rotation = {.bytes = 20, .every = minutes{1}, .gzip = true}};
    auto one = make_file_sink(own_loop, disk, options);
    disk.fail_at(disk.operations() + n, core::ErrorCode::kNoSpace, 3);
    std::vector<std::string> acknowledged;
    for (int i = 0; i < 6; ++i) {
      LogBatch batch;
      batch.lines = "a x=1 " + std::to_string(i) + "\n";
      SinkReply reply;
      (void)one->deliver(batch, [&](SinkReply r) { reply = std::move(r); });
      if (reply.kind == SinkReply::Kind::kDone) acknowledged.push_back(batch.lines);
      own_loop.run_for(seconds{20});
    }
    one.reset();
    disk.crash();
    std::string all;
    const auto names = disk.list("/d");
    ASSERT_TRUE(names);
    for (const auto& name : *names) {
      if (name.ends_with(".part")) continue;
      const std::string bytes = disk.contents("/d/" + name);
      all += name.ends_with(".gz") ? unpack(bytes) : bytes;
    }
    for (const auto& line : acknowledged) EXPECT_NE(("\n" + all).find("\n" + line), std::string::npos) << line << all;
    EXPECT_GE(acknowledged.size(), 4U);
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
