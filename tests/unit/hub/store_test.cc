// Store and history: what is kept, what a duplicate changes, what a restart brings back.
#include "hub/store.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/line_protocol.h"
#include "hub/views.h"
#include "tests/support/sim_loop.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hub/bench.h"

namespace sonde::hub {
namespace {

using test::kNowMs;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() { loop.set_wall(core::from_unix_ms(kNowMs)); }

  std::unique_ptr<History> open() {
    auto opened = open_history(dir.file("hub.db"));
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    return opened ? std::move(*opened) : nullptr;
  }

  static pipeline::SinkReply deliver(Store& store, const std::vector<core::Record>& records) {
    pipeline::LogBatch batch;
    for (const core::Record& r : records) core::encode_line(r, batch.lines);
    batch.records = records.size();
    pipeline::SinkReply reply;
    reply.kind = pipeline::SinkReply::Kind::kBlocked;
    const auto handle = store.deliver(batch, [&reply](pipeline::SinkReply r) { reply = std::move(r); });
    return reply;
  }

  static HistoryQuery all_of(std::string target) {
    return {.target = std::move(target), .check = {}, .vantage = {}, .from_ms = 0, .to_ms = kNowMs + 1'000'000};
  }

  sonde::test::TempDir dir;
  sonde::test::SimLoop loop;
  core::Vantage shanghai = test::vantage("shanghai-ct");
  core::Target checkout = test::app("checkout");
};

TEST_F(StoreTest, CountsADuplicateOnce) {
  auto history = open();
  Store store{loop, *history, {}};
  const auto r = test::probe(shanghai, checkout, kNowMs);
  EXPECT_EQ(deliver(store, {r, r}).kind, pipeline::SinkReply::Kind::kDone);
  EXPECT_EQ(deliver(store, {r}).kind, pipeline::SinkReply::Kind::kDone);
  EXPECT_EQ(history->rows(), 1u);
  auto series = history->series(all_of("checkout"));
  ASSERT_TRUE(series);
  ASSERT_EQ(series->size(), 1u);
  EXPECT_EQ(series->front().points.size(), 1u);
}

TEST_F(StoreTest, TellsFamiliesAndChecksApart) {
  auto history = open();
  Store store{loop, *history, {}};
  auto six = test::probe(shanghai, checkout, kNowMs);
  for (auto& [key, value] : six.tags) {
    if (key == core::tag::kFamily) value = "ip6";
  }
  deliver(store, {test::probe(shanghai, checkout, kNowMs), six});
  EXPECT_EQ(history->rows(), 2u);
  auto only_dns = all_of("checkout");
  only_dns.check = "dns";
  auto series = history->series(only_dns);
  ASSERT_TRUE(series);
  EXPECT_TRUE(series->empty());
}

TEST_F(StoreTest, ShowsTheNewestResultWhateverTheOrder) {
  auto history = open();
  Store store{loop, *history, {}};
  deliver(store, {test::probe(shanghai, checkout, kNowMs)});
  deliver(store, {test::probe(shanghai, checkout, kNowMs - 60'000, test::http_503())});
  const auto& latest = store.picture().targets().at("checkout").latest.at("shanghai-ct");
  EXPECT_EQ(core::to_unix_ms(latest.time), kNowMs);
}

TEST_F(StoreTest, ComesBackAfterARestart) {
  {
    auto history = open();
    Store store{loop, *history, {}};
    deliver(store, {core::to_record(shanghai, core::from_unix_ms(kNowMs - 30'000)),
                    core::to_record(checkout, core::from_unix_ms(kNowMs - 30'000)),
                    test::probe(shanghai, checkout, kNowMs - 10'000, test::http_503()),
                    test::probe(shanghai, checkout, kNowMs)});
  }
  auto history = open();
  Store store{loop, *history, {}};
  EXPECT_EQ(history->rows(), 2u);
  ASSERT_EQ(store.picture().vantages().size(), 1u);
  EXPECT_EQ(store.picture().vantages().at("shanghai-ct").vantage.isp, "shanghai-ct");
  const TargetState& back = store.picture().targets().at("checkout");
  EXPECT_EQ(back.target.url, checkout.url);
  EXPECT_EQ(back.latest.at("shanghai-ct").text("ip"), "192.0.2.1");
  auto failures = history->failures("checkout", 100);
  ASSERT_TRUE(failures);
  ASSERT_EQ(failures->size(), 1u);
  EXPECT_EQ(failures->front().text("detail"), "503 Service Unavailable");
}

TEST_F(StoreTest, RemembersAfterARestartWhatWasHealthyOnce) {
  const core::Target storage = test::reference("cirrus", "cn-east", "object-storage");
  {
    auto history = open();
    Store store{loop, *history, {}};
    deliver(store, {test::probe(shanghai, checkout, kNowMs - 20'000),
                    test::probe(shanghai, storage, kNowMs - 20'000, test::http_503())});
    deliver(store, {test::probe(shanghai, checkout, kNowMs, test::http_503()),
                    test::probe(shanghai, storage, kNowMs, test::http_503())});
    EXPECT_FALSE(store.picture().targets().at("checkout").never_healthy());
    EXPECT_TRUE(store.picture().targets().at(storage.name).never_healthy());
  }
  auto history = open();
  Store store{loop, *history, {}};
  EXPECT_FALSE(store.picture().targets().at("checkout").never_healthy());
  EXPECT_TRUE(store.picture().targets().at(storage.name).never_healthy());
}

TEST_F(StoreTest, ListsTheNewestFailuresFirstUpToTheLimit) {
  auto history = open();
  Store store{loop, *history, {}};
  const auto frankfurt = test::vantage("frankfurt-dt", core::Partition::kOverseas);
  std::vector<core::Record> records;
  for (int i = 0; i < 30; ++i) {
    records.push_back(test::probe(i % 2 == 0 ? shanghai : frankfurt, checkout, kNowMs - i * 1000, test::http_503()));
  }
  records.push_back(test::probe(shanghai, checkout, kNowMs + 1000));
  deliver(store, records);
  auto failures = history->failures("checkout", 20);
  ASSERT_TRUE(failures);
  ASSERT_EQ(failures->size(), 20u);
  for (std::size_t i = 0; i < failures->size(); ++i) {
    EXPECT_EQ(core::to_unix_ms((*failures)[i].time), kNowMs - static_cast<std::int64_t>(i) * 1000);
  }
}

TEST_F(StoreTest, DropsResultsBeyondRetention) {
  auto history = open();
  Store store{loop, *history, {.retention = std::chrono::hours{1}}};
  deliver(store, {test::probe(shanghai, checkout, kNowMs - 2 * 3'600'000), test::probe(shanghai, checkout, kNowMs)});
  EXPECT_EQ(history->rows(), 2u);
  loop.run_for(std::chrono::minutes{2});
  EXPECT_EQ(history->rows(), 1u);
}

TEST_F(StoreTest, DropsTheOldestBeyondTheNumberOfRows) {
  auto history = open();
  Store store{loop, *history, {.rows_max = 50}};
  std::vector<core::Record> records;
  for (int i = 0; i < 100; ++i) records.push_back(test::probe(shanghai, checkout, kNowMs - i * 10'000));
  deliver(store, records);
  loop.run_for(std::chrono::minutes{20});
  EXPECT_LE(history->rows(), 50u);
  EXPECT_GE(history->rows(), 40u);
  auto series = history->series(all_of("checkout"));
  ASSERT_TRUE(series);
  EXPECT_EQ(series->front().points.back().time_ms, kNowMs) << "the newest must stay";
}

TEST_F(StoreTest, LeavesOutWhatHasNoPlace) {
  auto history = open();
  Store store{loop, *history, {}};
  core::Record stranger;
  stranger.measurement = "cpu";
  stranger.add_field("usage", 0.5);
  core::Record nameless = test::probe(shanghai, checkout, kNowMs);
  nameless.tags.clear();
  EXPECT_EQ(deliver(store, {stranger, nameless}).kind, pipeline::SinkReply::Kind::kDone);
  EXPECT_TRUE(store.picture().targets().empty());
  EXPECT_EQ(history->rows(), 0u);
}

TEST_F(StoreTest, KeepsHostileNamesAsText) {
  auto history = open();
  Store store{loop, *history, {}};
  core::Target evil = checkout;
  evil.name = "x'; DROP TABLE results; --";
  deliver(store, {test::probe(shanghai, evil, kNowMs, test::http_503()), test::probe(shanghai, checkout, kNowMs)});
  EXPECT_EQ(history->rows(), 2u);
  auto failures = history->failures(evil.name, 10);
  ASSERT_TRUE(failures);
  EXPECT_EQ(failures->size(), 1u);
}

TEST_F(StoreTest, ForgetsTargetsThatNobodyReportsOnAnyMore) {
  auto history = open();
  Store store{loop, *history, {}};
  deliver(store, {test::probe(shanghai, checkout, kNowMs), test::probe(shanghai, test::app("search"), kNowMs)});
  deliver(store, {test::probe(shanghai, checkout, kNowMs + 16 * 60'000)});
  EXPECT_EQ(store.picture().targets().size(), 1u);
  EXPECT_TRUE(store.picture().targets().contains("checkout"));
}

TEST_F(StoreTest, SaysThatAFileIsNoDatabase) {
  std::ofstream{dir.file("hub.db")} << std::string(8192, 'x');
  auto opened = open_history(dir.file("hub.db"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, core::ErrorCode::kCorrupt);
}

TEST(Downsample, GivesMediansOfSuccessesAndLeavesGapsEmpty) {
  const std::vector<HistoryPoint> points{
      {.time_ms = 1000, .status = core::Status::kOk, .duration_seconds = 0.1},
      {.time_ms = 1500, .status = core::Status::kDegraded, .duration_seconds = 0.9},
      {.time_ms = 1900, .status = core::Status::kOk, .duration_seconds = 0.2},
      {.time_ms = 1950, .status = core::Status::kFail, .duration_seconds = 5.0},
      {.time_ms = 1960, .status = core::Status::kUnknown, .duration_seconds = {}},
      {.time_ms = 3999, .status = core::Status::kFail, .duration_seconds = 5.0},
  };
  const auto steps = downsample(points, 1000, 5000, 1000);
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_EQ(steps[0].median_seconds, 0.2);
  EXPECT_EQ(steps[0].max_seconds, 0.9);
  EXPECT_EQ(steps[0].runs, 5u);
  EXPECT_EQ(steps[0].failures, 1u);
  EXPECT_FALSE(steps[1].median_seconds);
  EXPECT_EQ(steps[1].runs, 0u);
  EXPECT_FALSE(steps[2].median_seconds);
  EXPECT_EQ(steps[2].failures, 1u);
  EXPECT_EQ(steps[3].start_ms, 4000);
}

TEST(Downsample, ChoosesAStepThatGivesAtMost360Points) {
  EXPECT_EQ(choose_step_ms(3'600'000, 10'000), 10'000);
  EXPECT_EQ(choose_step_ms(3'600'000, 60'000), 60'000);
  EXPECT_EQ(choose_step_ms(86'400'000, 10'000), 300'000);
  for (const std::int64_t span : {1LL, 999LL, 3'600'001LL, 604'800'000LL, 31'536'000'000LL, 315'360'000'000LL}) {
    const std::int64_t step = choose_step_ms(span, 1000);
    EXPECT_LE((span + step - 1) / step, 360) << span;
  }
}

}  // namespace
}  // namespace sonde::hub
