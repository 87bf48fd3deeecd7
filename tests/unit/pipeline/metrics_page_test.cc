// The metrics page, the self record and the splitting of lines.
#include "pipeline/metrics_page.h"

#include <gtest/gtest.h>

#include "pipeline/file_sink.h"
#include "pipeline/lines.h"
#include "pipeline/self_record.h"
#include "tests/unit/pipeline/log_fixture.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::FileOperation;
using sonde::test::SimFiles;
using sonde::test::SimLoop;
using std::chrono::seconds;

struct MetricsTest : testing::Test {
  SimLoop loop;
  SimFiles files;
  std::unique_ptr<Log> log = must_open(loop, files);
  Cursor& cursor = log->cursor("out");
};

TEST_F(MetricsTest, ShowsLogCursorsAndPumps) {
  const auto sink = make_file_sink(loop, files, {.name = "out", .path = "/out.lp", .rotation = {}});
  Pump pump{loop, cursor, *sink, {}};
  MetricsPage page{"1.2.3"};
  page.add_log(*log);
  page.add_pump(pump);
  page.add_collector([](std::vector<Metric>& out) {
    out.push_back({.name = "sonde_x", .help = "X.", .labels = {{"l", "a\"b\nc"}}, .value = 4});
  });
  log->append(probe(1));
  loop.run_for(seconds{3});
  log->append(probe(2));
  const std::string text = page.text();
  for (const char* expected : {
           "sonde_build_info{version=\"1.2.3\"} 1",
           "# TYPE sonde_records_accepted_total counter",
           "sonde_records_accepted_total{sink=\"out\"} 2",
           "sonde_records_delivered_total{sink=\"out\"} 1",
           "sonde_records_pending{sink=\"out\"} 1",
           "sonde_sink_state{sink=\"out\",state=\"idle\"} 1",
           "sonde_log_degraded 0",
           "sonde_x{l=\"a\\\"b\\nc\"} 4",
       }) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
}

TEST_F(MetricsTest, ShowsWhatASinkKnowsAndNothingThatItDoesNot) {
  struct Knowing final : Sink {
    [[nodiscard]] std::string_view name() const override { return "out"; }
    [[nodiscard]] std::size_t batch_bytes_max() const override { return 1000; }
    [[nodiscard]] SinkFacts facts() const override { return known; }
    [[nodiscard]] io::Handle deliver(const LogBatch&, core::Callback<void(SinkReply)>) override { return {}; }
    SinkFacts known;
  } sink;
  Pump pump{loop, cursor, sink, {}};
  MetricsPage page{"1"};
  page.add_pump(pump);
  for (const char* name : {"sonde_sink_expired_total", "sonde_sink_left_out_total", "sonde_sink_dns"}) {
    EXPECT_EQ(page.text().find(name), std::string::npos) << name;
  }
  sink.known = {.tells_expired = true, .left_out = 5, .dns = 1};
  const std::string text = page.text();
  for (const char* expected : {"sonde_sink_expired_total{sink=\"out\"} 0", "sonde_sink_left_out_total{sink=\"out\"} 5",
                               "sonde_sink_dns{sink=\"out\"} 1", "# TYPE sonde_sink_left_out_total counter"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  }
}

TEST_F(MetricsTest, P15_TheSelfRecordBalances) {
  log->append(probe(1));
  const core::Record r = self_record(cursor, "v1", loop.wall_now());
  EXPECT_EQ(r.measurement, "sonde");
  EXPECT_EQ(r.tag("sink"), "out");
  EXPECT_EQ(r.tag("instance"), "v1");
  EXPECT_EQ(r.integer("records_accepted"), 1);
  EXPECT_EQ(r.integer("records_pending"), 1);
  EXPECT_EQ(core::to_unix_ns(r.time) % 1'000'000, 0);
}

TEST(Lines, EndWhereTheFormatSaysSo) {
  EXPECT_EQ(first_line_bytes("a b=1 2\nc"), 8U);
  EXPECT_EQ(first_line_bytes("a b=1"), 5U);
  EXPECT_EQ(first_line_bytes("a b=\"x\ny\" 2\nc"), 12U) << "a line break inside a text is none";
  EXPECT_EQ(first_line_bytes("a,t=\" b=1i 2\nc d=\"e\" 3\n"), 13U) << "a quote in a tag opens nothing";
  EXPECT_EQ(first_line_bytes("a,t=\" b=\"x\ny\" 2\nc"), 16U);
  EXPECT_EQ(first_line_bytes("a,t=x\\ \" b=\"q\\\"\n\" 2\nc"), 20U);
  EXPECT_EQ(first_line_bytes("# it's \" a comment\nc"), 19U);
  EXPECT_EQ(count_records("\n# x\na b=1\n\nc d=2"), 2U);
}

}  // namespace
}  // namespace sonde::pipeline::test
