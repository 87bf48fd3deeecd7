// From records in the log to incidents that open, change and close, also across a restart.
#include "hub/judge_sink.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hub/incidents.h"
#include "tests/support/sim_loop.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/hub/bench.h"
#include "tests/unit/hub/fake_log.h"

namespace sonde::hub {
namespace {

using Json = nlohmann::json;
using test::kNowMs;

judge::VerdictEvent event(judge::EventKind kind, std::int64_t time_ms, std::string id = "i-1") {
  judge::VerdictEvent e;
  e.event = kind;
  e.id = std::move(id);
  e.time = core::from_unix_ms(time_ms);
  e.since = core::from_unix_ms(kNowMs);
  e.grade = judge::Grade::kConvicted;
  e.blame = judge::BlameClass::kApp;
  e.component_kind = "app";
  e.component_key = "app:checkout";
  e.confidence = 0.95;
  e.severity = 1.0;
  e.summary = {"App checkout is failing.", "应用 checkout 故障。"};
  return e;
}

class IncidentsTest : public ::testing::Test {
 protected:
  std::unique_ptr<History> open() { return std::move(open_history(dir.file("hub.db")).value()); }
  sonde::test::TempDir dir;
};

TEST_F(IncidentsTest, OpensChangesAndCloses) {
  auto history = open();
  Incidents incidents{*history};
  const Json opened = Json::parse(incidents.take(event(judge::EventKind::kOpened, kNowMs)));
  EXPECT_EQ(opened["state"], "open");
  EXPECT_EQ(opened["opened_ms"], kNowMs);
  EXPECT_EQ(opened["component"]["key"], "app:checkout");
  EXPECT_FALSE(opened.contains("closed_ms"));
  EXPECT_FALSE(opened.contains("event"));
  ASSERT_EQ(incidents.open().size(), 1u);

  const Json revised = Json::parse(incidents.take(event(judge::EventKind::kRevised, kNowMs + 10'000)));
  EXPECT_EQ(revised["opened_ms"], kNowMs);
  EXPECT_EQ(revised["updated_ms"], kNowMs + 10'000);

  const Json closed = Json::parse(incidents.take(event(judge::EventKind::kClosed, kNowMs + 20'000)));
  EXPECT_EQ(closed["state"], "closed");
  EXPECT_EQ(closed["closed_ms"], kNowMs + 20'000);
  EXPECT_TRUE(incidents.open().empty());

  auto kept = history->incidents(false, 10);
  ASSERT_TRUE(kept);
  ASSERT_EQ(kept->size(), 1u);
  auto events = history->incident_events("i-1");
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ(Json::parse(events->front())["event"], "opened");
  EXPECT_EQ(Json::parse(events->back())["event"], "closed");
}

TEST_F(IncidentsTest, HearsAReplayedEventOnce) {
  auto history = open();
  {
    Incidents before{*history};
    EXPECT_NE(before.take(event(judge::EventKind::kOpened, kNowMs)), "");
    EXPECT_NE(before.take(event(judge::EventKind::kRevised, kNowMs + 10'000)), "");
  }
  Incidents after{*history};
  ASSERT_EQ(after.open().size(), 1u);
  EXPECT_EQ(after.open().front()->grade, "convicted");
  EXPECT_EQ(after.open().front()->blame, "app");
  EXPECT_EQ(after.open().front()->summary.zh, "应用 checkout 故障。");
  EXPECT_EQ(after.take(event(judge::EventKind::kOpened, kNowMs)), "");
  EXPECT_EQ(after.take(event(judge::EventKind::kRevised, kNowMs + 10'000)), "");
  EXPECT_NE(after.take(event(judge::EventKind::kRevised, kNowMs + 20'000)), "");
}

TEST_F(IncidentsTest, ClosesAfterAReplayWhatIsNotFoundAgain) {
  auto history = open();
  {
    Incidents before{*history};
    (void)before.take(event(judge::EventKind::kOpened, kNowMs, "i-gone"));
    (void)before.take(event(judge::EventKind::kOpened, kNowMs, "i-stays"));
  }
  Incidents after{*history};
  const auto told =
      after.close_others({event(judge::EventKind::kOpened, kNowMs, "i-stays")}, core::from_unix_ms(kNowMs + 60'000));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(Json::parse(told.front())["id"], "i-gone");
  EXPECT_EQ(Json::parse(told.front())["state"], "closed");
  ASSERT_EQ(after.open().size(), 1u);
  EXPECT_EQ(after.open().front()->id, "i-stays");
}

TEST_F(IncidentsTest, ListsConvictedFirstThenBySeverity) {
  auto history = open();
  Incidents incidents{*history};
  auto weak = event(judge::EventKind::kOpened, kNowMs, "i-weak");
  weak.severity = 0.2;
  auto leaning = event(judge::EventKind::kOpened, kNowMs, "i-leaning");
  leaning.grade = judge::Grade::kLeaning;
  for (const auto& e : {leaning, weak, event(judge::EventKind::kOpened, kNowMs, "i-strong")}) (void)incidents.take(e);
  std::vector<std::string> ids;
  for (const Incident* i : incidents.open()) ids.push_back(i->id);
  EXPECT_EQ(ids, (std::vector<std::string>{"i-strong", "i-weak", "i-leaning"}));
}

// A world in which one app fails everywhere, driven through the real judge.
class JudgeSinkTest : public ::testing::Test {
 protected:
  JudgeSinkTest() {
    log.automatic = true;
    loop.set_wall(core::from_unix_ms(kNowMs));
    for (int i = 0; i < 4; ++i) {
      const bool domestic = i < 2;
      vantages.push_back(
          test::vantage("v" + std::to_string(i), domestic ? core::Partition::kDomestic : core::Partition::kOverseas));
    }
    targets = {test::app("checkout"), test::app("search"), test::control(core::Partition::kDomestic),
               test::control(core::Partition::kOverseas)};
    for (const char* provider : {"cirrus", "stratus"}) {
      for (const char* region : {"cn-east", "cn-south"}) {
        for (const char* service : {"object-storage", "compute-api"}) {
          targets.push_back(test::reference(provider, region, service));
        }
      }
    }
  }

  std::unique_ptr<JudgeSink> make_sink(JudgeSinkOptions options = {}) {
    auto sink = std::make_unique<JudgeSink>(
        loop, log, options,
        JudgeSink::Listener{.on_event = [this](const judge::VerdictEvent& e) { events.push_back(e); },
                            .on_caught_up = [this] { ++caught_up; }});
    return sink;
  }

  std::vector<core::Record> topology() const {
    std::vector<core::Record> all;
    for (const auto& v : vantages) all.push_back(core::to_record(v, core::from_unix_ms(kNowMs - 1000)));
    for (const auto& t : targets) all.push_back(core::to_record(t, core::from_unix_ms(kNowMs - 1000)));
    return all;
  }

  // Plays one round: its records arrive in the log, then the clock goes on.
  void play_round(bool checkout_fails) {
    const std::int64_t slot = core::to_unix_ms(loop.wall_now());
    std::int64_t offset = 0;
    for (const auto& v : vantages) {
      for (const auto& t : targets) {
        const bool fails = checkout_fails && t.name == "checkout";
        log.append(test::probe(v, t, slot + (offset += 7), fails ? std::optional{test::http_503()} : std::nullopt));
      }
    }
    loop.run_for(std::chrono::seconds{10});
  }

  sonde::test::SimLoop loop;
  test::FakeLog log;
  std::vector<core::Vantage> vantages;
  std::vector<core::Target> targets;
  std::vector<judge::VerdictEvent> events;
  int caught_up = 0;
};

TEST_F(JudgeSinkTest, OpensAndClosesAnIncident) {
  const auto sink = make_sink();
  sink->start(topology());
  for (int i = 0; i < 6; ++i) play_round(false);
  EXPECT_EQ(caught_up, 1);
  EXPECT_TRUE(events.empty()) << events.front().summary.en;
  for (int i = 0; i < 6; ++i) play_round(true);
  ASSERT_FALSE(events.empty());
  EXPECT_EQ(events.front().event, judge::EventKind::kOpened);
  EXPECT_EQ(sink->judge().open().size(), 1u);
  EXPECT_EQ(sink->judge().open().front().component_key, "app:checkout");
  for (int i = 0; i < 20; ++i) play_round(false);
  EXPECT_EQ(events.back().event, judge::EventKind::kClosed);
  EXPECT_TRUE(sink->judge().open().empty());
  EXPECT_EQ(sink->judge().counters().late, 0u);
}

TEST_F(JudgeSinkTest, TakesNoVerdictForEvidence) {
  const auto sink = make_sink();
  sink->start(topology());
  log.append(judge::to_record(event(judge::EventKind::kOpened, kNowMs)));
  loop.run_for(std::chrono::seconds{1});
  EXPECT_EQ(sink->judge().counters().results, 0u);
  EXPECT_EQ(sink->judge().counters().invalid, 0u);
}

TEST_F(JudgeSinkTest, RemembersAnOpenIncidentOverARestart) {
  auto sink = make_sink();
  sink->start(topology());
  for (int i = 0; i < 6; ++i) play_round(false);
  for (int i = 0; i < 6; ++i) play_round(true);
  ASSERT_EQ(sink->judge().open().size(), 1u);
  const judge::VerdictEvent before = sink->judge().open().front();

  sink.reset();
  log.rewind_all();
  sink = make_sink();
  sink->start(topology());
  play_round(true);
  EXPECT_EQ(caught_up, 2);
  ASSERT_EQ(sink->judge().open().size(), 1u);
  EXPECT_EQ(sink->judge().open().front().id, before.id);
  EXPECT_EQ(sink->judge().open().front().component_key, before.component_key);
}

TEST_F(JudgeSinkTest, CommitsWhatTheJudgeWillNotNeedAgain) {
  const auto sink = make_sink({.memory = std::chrono::minutes{5}});
  sink->start(topology());
  play_round(false);
  EXPECT_EQ(log.fake_cursor("judge").committed, 0u) << "too early: a restart would forget it";
  for (int i = 1; i < 60; ++i) play_round(false);
  const std::uint64_t per_round = vantages.size() * targets.size();
  EXPECT_GE(log.fake_cursor("judge").committed, 28 * per_round);  // 60 rounds less the 30 of memory
  EXPECT_LE(log.fake_cursor("judge").committed, 30 * per_round);
}

TEST_F(JudgeSinkTest, HoldsBackWhatAnOpenIncidentIsMadeOf) {
  const auto sink = make_sink({.memory = std::chrono::minutes{5}});
  sink->start(topology());
  for (int i = 0; i < 40; ++i) play_round(false);
  for (int i = 0; i < 40; ++i) play_round(true);
  ASSERT_EQ(sink->judge().open().size(), 1u);
  EXPECT_LT(log.fake_cursor("judge").committed, 40 * vantages.size() * targets.size());
}

TEST_F(JudgeSinkTest, IsNotMisledByAClockAheadDuringAReplay) {
  // The log holds rounds in which one prober's clock is a minute ahead; the hub starts only now.
  const std::int64_t start = core::to_unix_ms(loop.wall_now()) - 600'000;
  for (std::int64_t slot = start; slot < start + 600'000; slot += 10'000) {
    for (std::size_t v = 0; v < vantages.size(); ++v) {
      const std::int64_t ahead = v == 0 ? 60'000 : 0;
      for (const auto& t : targets) log.append(test::probe(vantages[v], t, slot + ahead));
    }
  }
  const auto sink = make_sink();
  sink->start(topology());
  ASSERT_TRUE(loop.run_until_idle(std::chrono::seconds{1}) || caught_up == 1);
  EXPECT_EQ(sink->judge().counters().late, 0u);
}

}  // namespace
}  // namespace sonde::hub
