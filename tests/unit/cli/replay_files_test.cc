// Files that `sonde judge` replays: packed or not, in any order, damaged.
#include "cli/replay_files.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>

namespace sonde::cli {
namespace {

const std::string kLater = "probe,vantage=a,target=t status=\"ok\" 1763978402000000000\n";
const std::string kEarlier = "probe,vantage=a,target=t status=\"ok\" 1763978400000000000\n";

class ReplayFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "sonde-replay-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream{path, std::ios::binary} << bytes;
    return path;
  }
  static std::string gzip(const std::string& text) {
    z_stream s{};
    EXPECT_EQ(deflateInit2(&s, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string in = text;
    std::string out(deflateBound(&s, text.size()) + 64, '\0');
    s.next_in = reinterpret_cast<Bytef*>(in.data());
    s.avail_in = static_cast<uInt>(in.size());
    s.next_out = reinterpret_cast<Bytef*>(out.data());
    s.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&s, Z_FINISH), Z_STREAM_END);
    out.resize(s.total_out);
    deflateEnd(&s);
    return out;
  }
  static std::string zstd(const std::string& text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
  }

  std::filesystem::path folder_;
};

TEST_F(ReplayFiles, PlainGzipAndZstdAreTheSameText) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += kLater + kEarlier;  // several buffers long
  for (const std::string& bytes : {text, gzip(text), zstd(text)}) {
    const auto read = read_replay_file(file("f", bytes));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, text);
  }
}

TEST_F(ReplayFiles, SeveralMembersAndFramesAreOneFile) {
  for (const std::string& bytes : {gzip(kLater) + gzip(kEarlier), zstd(kLater) + zstd(kEarlier)}) {
    const auto read = read_replay_file(file("f", bytes));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, kLater + kEarlier);
  }
}

TEST_F(ReplayFiles, AFileThatEndsInTheMiddleIsDamaged) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * 7919) + kLater;
  for (std::string bytes : {gzip(text), zstd(text)}) {
    bytes.resize(bytes.size() / 2);
    const auto read = read_replay_file(file("f", bytes));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, core::ErrorCode::kCorrupt);
  }
  EXPECT_EQ(read_replay_file((folder_ / "none").string()).error().code, core::ErrorCode::kNotFound);
}

TEST_F(ReplayFiles, RecordsOfAllFilesComeInTheOrderOfTimeAndBadLinesAreLeftOut) {
  const auto records = read_replay_records({file("a", kLater + "what,is this\n"), file("b.zst", zstd(kEarlier))}, {});
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_LT((*records)[0].time, (*records)[1].time);
}

}  // namespace
}  // namespace sonde::cli
