// The log against a small model of it, under random actions from a printed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "pipeline/log.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::milliseconds;

/// What must be true of one reader: what it gets is what was appended, in order, each exactly once between restarts.
struct Model {
  int appended = 0;
  int durable = 0;
  int next = 0;  // number that the reader gets next, if nothing was lost
  int committed = 0;
};

class ModelRun {
 public:
  explicit ModelRun(std::uint64_t seed) : random_(seed) {
    options_ = small_log();
    options_.segment_bytes = 16 * 1024;
    open();
  }

  void step() {
    switch (random_() % 10) {
      case 0:
      case 1:
      case 2:
      case 3:
        append();
        break;
      case 4:
        loop_->run_for(milliseconds{random_() % 400});
        break;
      case 5:
        flush();
        break;
      case 6:
        read();
        break;
      case 7:
        commit();
        break;
      case 8:
        rewind();
        break;
      case 9:
        restart();
        break;
    }
    expect_balanced(*log_);
  }

  void end() {
    log_->on_durable({[](Result<void>) {}});
    flush();
    cursor_->rewind();
    model_.next = model_.committed;
    const auto numbers = numbers_in(drain(*cursor_));
    EXPECT_EQ(numbers, range(model_.committed, model_.appended));
  }

 private:
  void open() {
    loop_ = std::make_unique<SimLoop>();
    log_ = must_open(*loop_, files_, options_);
    cursor_ = &log_->cursor("s");
    last_ = {};
  }
  void append() {
    for (auto n = random_() % 30; n > 0; --n) log_->append(probe(model_.appended++, random_() % 900));
  }
  void flush() {
    ASSERT_TRUE(log_->flush());
    model_.durable = model_.appended;
  }
  void read() {
    auto batch = cursor_->read(random_() % 20000);
    ASSERT_TRUE(batch);
    const auto numbers = numbers_in(batch->lines);
    ASSERT_EQ(numbers, range(model_.next, model_.next + static_cast<int>(batch->records)));
    model_.next += static_cast<int>(batch->records);
    if (batch->records > 0) last_ = *batch;
  }
  void commit() {
    if (last_.records == 0) return;
    // Sometimes only a part of what was read.
    const std::uint64_t done = random_() % 3 == 0 ? last_.next - last_.records / 2 : last_.next;
    cursor_->commit(done, random_() % 2 == 0 ? 0 : std::min<std::uint64_t>(1, done - base()));
    model_.committed = model_.next - static_cast<int>(last_.next - done);
    last_ = {};
  }
  std::uint64_t base() const {
    const LogCounters c = cursor_->counters();
    return c.delivered + c.dead_lettered;
  }
  void rewind() {
    cursor_->rewind();
    model_.next = model_.committed;
    last_ = {};
  }
  /// An orderly end, a kill, or a power loss.
  void restart() {
    const auto how = random_() % 3;
    if (how == 0) {
      log_.reset();
    } else if (how == 1) {
      SimFiles after;
      copy_files(files_, after);
      log_.reset();
      const auto names = files_.list(kDirectory);
      copy_files(after, files_);
    } else {
      flush();
      files_.crash();
      log_.reset();
    }
    open();
    // Places may be older than the last commit, never newer.
    const auto place = static_cast<int>(base());
    ASSERT_LE(place, model_.committed);
    model_.committed = model_.next = place;
    model_.durable = model_.appended;
  }

  std::mt19937_64 random_;
  SimFiles files_;
  LogOptions options_;
  std::unique_ptr<SimLoop> loop_;
  std::unique_ptr<Log> log_;
  Cursor* cursor_ = nullptr;
  Model model_;
  LogBatch last_;
};

TEST(LogModel, BehavesAsItsModelUnderRandomActions) {
  std::uint64_t first = 1;
  if (const char* given = std::getenv("SONDE_SEED")) first = std::strtoull(given, nullptr, 10);
  for (std::uint64_t seed = first; seed < first + 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "SONDE_SEED=" << seed);
    ModelRun run{seed};
    for (int i = 0; i < 200 && !testing::Test::HasFailure(); ++i) run.step();
    run.end();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace sonde::pipeline::test
