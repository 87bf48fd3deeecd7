// Ingest: what a writer may send and what it is told.
#include "hub/ingest.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>

#include "hub/gunzip.h"
#include "tests/support/sim_loop.h"
#include "tests/unit/hub/bench.h"
#include "tests/unit/hub/fake_log.h"

namespace sonde::hub {
namespace {

using test::Answer;

std::string gzip(std::string_view text) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()) + 64, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

class IngestTest : public ::testing::Test {
 protected:
  io::ServerRequest request(std::string body, std::string precision = "") {
    io::ServerRequest r{
        .method = "POST", .path = "/write", .query = {}, .headers = {}, .body = std::move(body), .peer = {}};
    if (!precision.empty()) r.query.emplace_back("precision", precision);
    return r;
  }
  Answer& send(const io::ServerRequest& r) {
    answers_.push_back(std::make_unique<Answer>());
    ingest.write(r, std::make_unique<test::CapturingResponder>(*answers_.back()));
    return *answers_.back();
  }

  sonde::test::SimLoop loop;
  test::FakeLog log;
  Ingest ingest{loop, log, IngestOptions{}};

 private:
  std::vector<std::unique_ptr<Answer>> answers_;
};

TEST_F(IngestTest, AnswersOnlyOnceDurable) {
  Answer& a = send(request("m f=1 1000"));
  EXPECT_FALSE(a.response) << "answered before the disk had it";
  EXPECT_GT(ingest.counters().bytes_waiting, 0u);
  log.become_durable();
  EXPECT_EQ(a.status(), 204);
  EXPECT_EQ(ingest.counters().bytes_waiting, 0u);
}

TEST_F(IngestTest, AsksTheProberThatWritesForCompanions) {
  std::vector<std::string> asked;
  ingest.on_vantages([&asked](std::span<const std::string> vantages) {
    asked.assign(vantages.begin(), vantages.end());
    return vantages.empty() ? std::string{} : std::string{"v/last_address/t"};
  });
  Answer& probes =
      send(request("probe,target=t,vantage=v f=1 1000\nprobe,target=u,vantage=v f=1 1000\nm,vantage=x f=1 1\n"));
  EXPECT_EQ(asked, std::vector<std::string>{"v"});
  Answer& others = send(request("m,vantage=v f=1 1000"));
  log.become_durable();
  ASSERT_EQ(probes.status(), 204);
  using Header = std::pair<std::string, std::string>;
  EXPECT_EQ(probes.response->headers, (std::vector<Header>{{"sonde-companions", "v/last_address/t"}}));
  ASSERT_EQ(others.status(), 204);
  EXPECT_TRUE(others.response->headers.empty());
}

TEST_F(IngestTest, SaysUnavailableWhenTheDiskRefuses) {
  Answer& a = send(request("m f=1 1000"));
  log.become_durable(core::Error{core::ErrorCode::kIo, "disk on fire"});
  EXPECT_EQ(a.status(), 503);
  EXPECT_EQ(ingest.counters().bytes_waiting, 0u);
}

TEST_F(IngestTest, ReadsEveryPrecision) {
  log.automatic = true;
  for (const auto& [precision, text] :
       std::initializer_list<std::pair<const char*, const char*>>{{"", "1700000000000000000"},
                                                                  {"ns", "1700000000000000000"},
                                                                  {"u", "1700000000000000"},
                                                                  {"us", "1700000000000000"},
                                                                  {"ms", "1700000000000"},
                                                                  {"s", "1700000000"}}) {
    SCOPED_TRACE(precision);
    log.entries.clear();
    EXPECT_EQ(send(request(std::string{"m f=1 "} + text, precision)).status(), 204);
    EXPECT_EQ(log.all_lines(), "m f=1 1700000000000000000\n");
  }
  EXPECT_EQ(send(request("m f=1 1", "h")).status(), 400);
}

TEST_F(IngestTest, SortsLinesByClass) {
  log.automatic = true;
  const auto v = test::vantage("v1");
  std::string body;
  core::encode_line(test::probe(v, test::app("checkout"), 1000), body);
  core::encode_line(core::to_record(v, core::from_unix_ms(1000)), body);
  EXPECT_EQ(send(request(body)).status(), 204);
  ASSERT_EQ(log.entries.size(), 2u);
  EXPECT_EQ(log.entries[0].record_class, pipeline::RecordClass::kA);
  EXPECT_TRUE(log.entries[0].lines.starts_with("vantage,"));
  EXPECT_EQ(log.entries[1].record_class, pipeline::RecordClass::kB);
  EXPECT_TRUE(log.entries[1].lines.starts_with("probe,"));
}

TEST_F(IngestTest, KeepsGoodLinesAndNamesTheFirstBadOne) {
  Answer& a = send(request("m f=1 1000\nthis is not a line\nm f=2 2000\nnor is this"));
  log.become_durable();
  EXPECT_EQ(a.status(), 400);
  EXPECT_NE(a.body().find("\"error\":\"partial write: line 2: "), std::string::npos) << a.body();
  EXPECT_NE(a.body().find("dropped=2"), std::string::npos) << a.body();
  EXPECT_EQ(log.all_lines(), "m f=1 1000\nm f=2 2000\n");
  EXPECT_EQ(ingest.counters().lines, 2u);
  EXPECT_EQ(ingest.counters().lines_rejected, 2u);
}

TEST_F(IngestTest, AppendsNothingOfABodyWithoutAGoodLine) {
  EXPECT_EQ(send(request("nonsense")).status(), 400);
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(IngestTest, TakesAnEmptyBody) {
  log.automatic = true;
  EXPECT_EQ(send(request("\n\n")).status(), 204);
}

TEST_F(IngestTest, RefusesALineFromTheFuture) {
  log.automatic = true;
  const auto ahead = [this](core::Duration d) {
    return "m f=1 " + std::to_string(core::to_unix_ns(loop.wall_now() + d));
  };
  EXPECT_EQ(send(request(ahead(std::chrono::minutes{1}))).status(), 204);
  EXPECT_EQ(send(request(ahead(std::chrono::minutes{3}))).status(), 400);
}

TEST_F(IngestTest, RefusesLinesBeyondTheLimits) {
  log.automatic = true;
  EXPECT_EQ(send(request("m f=\"" + std::string(core::kLineBytesMax, 'x') + "\" 1")).status(), 400);
  std::string many_tags = "m";
  for (std::size_t i = 0; i <= core::kLineTagsMax; ++i) many_tags += ",t" + std::to_string(i) + "=v";
  EXPECT_EQ(send(request(many_tags + " f=1 1")).status(), 400);
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(IngestTest, UnpacksGzip) {
  log.automatic = true;
  auto r = request(gzip("m f=1 1000\n"));
  r.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(send(r).status(), 204);
  EXPECT_EQ(log.all_lines(), "m f=1 1000\n");
}

TEST_F(IngestTest, StopsAGzipBomb) {
  auto r = request(gzip(std::string(64 * 1024 * 1024, 'x')));
  ASSERT_LT(r.body.size(), 200'000u);
  r.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(send(r).status(), 413);
  EXPECT_TRUE(log.entries.empty());
}

TEST_F(IngestTest, RefusesBrokenAndUnknownCodings) {
  auto cut = request(gzip("m f=1 1000\n"));
  cut.body.resize(cut.body.size() - 6);
  cut.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(send(cut).status(), 400);
  auto plain = request("m f=1 1000\n");
  plain.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(send(plain).status(), 400);
  auto zstd = request("m f=1 1000\n");
  zstd.headers.emplace_back("content-encoding", "zstd");
  EXPECT_EQ(send(zstd).status(), 415);
}

TEST_F(IngestTest, SaysTooManyWhenTheDiskIsBehind) {
  Ingest narrow{loop, log, IngestOptions{.waiting_bytes_max = 5}};
  Answer first;
  narrow.write(request("m f=1 1000"), std::make_unique<test::CapturingResponder>(first));
  Answer second;
  narrow.write(request("m f=1 2000"), std::make_unique<test::CapturingResponder>(second));
  EXPECT_EQ(second.status(), 429);
  EXPECT_EQ(second.header("Retry-After"), "1");
  log.become_durable();
  EXPECT_EQ(first.status(), 204);
  Answer third;
  narrow.write(request("m f=1 3000"), std::make_unique<test::CapturingResponder>(third));
  log.become_durable();
  EXPECT_EQ(third.status(), 204);
}

TEST_F(IngestTest, SurvivesAnAnswerThatComesAfterItsEnd) {
  Answer a;
  {
    Ingest brief{loop, log, IngestOptions{}};
    brief.write(request("m f=1 1000"), std::make_unique<test::CapturingResponder>(a));
  }
  log.become_durable();
  EXPECT_EQ(a.status(), 204);
}

TEST_F(IngestTest, CannotBeMadeToAddALineThroughAField) {
  log.automatic = true;
  EXPECT_EQ(send(request("m f=\"a\nprobe,target=x f=1 5\" 1000")).status(), 204);
  std::size_t records = 0;
  core::decode_lines(
      log.all_lines(), core::Precision::kNanoseconds, loop.wall_now(), [&records](const core::Record&) { ++records; },
      [](const core::LineError& e) { FAIL() << e.message; });
  EXPECT_EQ(records, 1u);
}

TEST(Gunzip, ReadsSeveralMembers) {
  auto text = gunzip(gzip("one ") + gzip("two"), {});
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "one two");
}

TEST(Gunzip, StopsAtTheRatioBeforeTheSizeLimit) {
  auto text = gunzip(gzip(std::string(8 * 1024 * 1024, 'x')), {});
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, core::ErrorCode::kNoSpace);
}

TEST(Gunzip, RefusesAnEmptyBody) { EXPECT_FALSE(gunzip("", {})); }

}  // namespace
}  // namespace sonde::hub
