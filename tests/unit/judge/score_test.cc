// Scores of hand-made events, where every number is worked out by hand.
#include "hub/judge/score.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sonde::hub::judge {
namespace {

using std::chrono::seconds;

core::WallTime at(int second) { return core::from_unix_ms(1'764'000'000'000 + std::int64_t{second} * 1000); }

Truth truth(std::string id, int start, int end, std::string component, std::vector<std::string> equivalent = {}) {
  Truth t;
  t.id = std::move(id);
  t.start = at(start);
  t.end = at(end);
  t.component = std::move(component);
  t.equivalent = std::move(equivalent);
  return t;
}

VerdictEvent event(EventKind kind, std::string id, int second, Grade grade, std::string key = {},
                   double confidence = 0.9) {
  VerdictEvent e;
  e.event = kind;
  e.id = std::move(id);
  e.time = at(second);
  e.grade = grade;
  e.component_key = std::move(key);
  e.blame = class_of_key(e.component_key);
  if (e.blame) e.confidence = confidence;
  e.severity = 0.75;
  return e;
}
VerdictEvent convicted(std::string id, int second, std::string key, double confidence = 0.9) {
  return event(EventKind::kOpened, std::move(id), second, Grade::kConvicted, std::move(key), confidence);
}
VerdictEvent doubtful(std::string id, int second, std::vector<std::string> candidates) {
  VerdictEvent e = event(EventKind::kOpened, std::move(id), second, Grade::kInsufficient);
  for (std::string& key : candidates) e.candidates.push_back({std::move(key), 0.3});
  return e;
}

Assessment assess_all(const std::vector<Truth>& truths, const std::vector<VerdictEvent>& events, int to = 86'400) {
  return assess(truths, events, {.round = seconds{10}, .grace = seconds{100}, .from = at(0), .to = at(to)});
}
Score score_of(const Assessment& a) { return summarize({&a, 1}); }

TEST(Assess, ARightVerdictCountsFullRoundsFromTheOnset) {
  // The fault begins at 1,003 s; rounds end at 1,010 (7 s later: the first), 1,020, 1,030 (27 s: the third).
  const Assessment a = assess_all({truth("f", 1003, 1200, "app:shop")},
                                  {convicted("i", 1030, "app:shop"), convicted("i", 1040, "app:shop")});
  ASSERT_EQ(a.faults.size(), 1U);
  EXPECT_EQ(a.faults[0].result, FaultResult::kRight);
  EXPECT_TRUE(a.faults[0].exact);
  EXPECT_EQ(a.faults[0].rounds, 3);
  EXPECT_EQ(a.faults[0].rounds_to_right, 3);
  EXPECT_EQ(a.faults[0].severity_error, 0.25) << "said 0.75, was 100 %";
  EXPECT_EQ(a.statements.size(), 1U) << "a revision of the same component says nothing new";
}

TEST(Assess, OneConvictionOfAnotherClassMakesAFaultWrongWhateverElseWasRight) {
  const Assessment a = assess_all(
      {truth("f", 1000, 1200, "app:shop")},
      {convicted("i", 1010, "region:p/r", 0.85), event(EventKind::kRevised, "i", 1030, Grade::kConvicted, "app:shop")});
  EXPECT_EQ(a.faults[0].result, FaultResult::kWrong);
  EXPECT_FALSE(a.faults[0].exact);
  EXPECT_TRUE(a.faults[0].confidently_wrong);
  EXPECT_EQ(a.faults[0].rounds, 1);
  EXPECT_EQ(a.faults[0].rounds_to_right, 3);
  EXPECT_EQ(a.faults[0].flips, 1);
  EXPECT_EQ(a.faults[0].said, (std::vector<std::string>{"region:p/r", "app:shop"}));
}

TEST(Assess, AnotherComponentOfTheSameClassIsRightAndNotExact) {
  const Assessment a = assess_all({truth("f", 1000, 1200, "region:p/r")}, {convicted("i", 1020, "provider:p")});
  EXPECT_EQ(a.faults[0].result, FaultResult::kRight);
  EXPECT_FALSE(a.faults[0].exact);
}

TEST(Assess, EquivalentKeysOfTheSameClassAreExactThoseOfAnotherAreWrong) {
  const std::vector<Truth> truths = {truth("f", 1000, 1200, "isp:ct", {"peering:ct>p", "vantage:beijing"})};
  EXPECT_TRUE(assess_all(truths, {convicted("i", 1010, "peering:ct>p")}).faults[0].exact);
  const Assessment guessed = assess_all(truths, {convicted("i", 1010, "vantage:beijing")});
  EXPECT_EQ(guessed.faults[0].result, FaultResult::kWrong) << "nobody could have known";
  EXPECT_FALSE(guessed.faults[0].identifiable);
}

TEST(Assess, AcceptedKeysAreExactWhateverTheirClass) {
  Truth t = truth("f", 1000, 1200, "edge:p@US");
  t.accept = {"peering:x>p"};
  EXPECT_TRUE(assess_all({t}, {convicted("i", 1010, "peering:x>p")}).faults[0].exact);
  EXPECT_EQ(assess_all({t}, {convicted("i", 1010, "isp:x")}).faults[0].result, FaultResult::kRight);
}

TEST(Assess, AFaultOfNoComponentMakesEveryConvictionWrong) {
  const Assessment a = assess_all({truth("f", 1000, 1200, "")}, {convicted("i", 1010, "app:shop")});
  EXPECT_EQ(a.faults[0].result, FaultResult::kWrong);
}

TEST(Assess, AnAbstentionSaysWhetherItSpokeAndWhetherItListedTheTruth) {
  const std::vector<Truth> truths = {truth("f", 1000, 1200, "isp:ct", {"vantage:beijing"})};
  const FaultOutcome silent = assess_all(truths, {}).faults[0];
  EXPECT_EQ(silent.result, FaultResult::kAbstained);
  EXPECT_FALSE(silent.spoke);
  const FaultOutcome other = assess_all(truths, {doubtful("i", 1020, {"app:shop"})}).faults[0];
  EXPECT_TRUE(other.spoke);
  EXPECT_FALSE(other.listed);
  const FaultOutcome twin = assess_all(truths, {doubtful("i", 1020, {"app:shop", "vantage:beijing"})}).faults[0];
  EXPECT_TRUE(twin.listed);
  const FaultOutcome leaning =
      assess_all(truths, {event(EventKind::kOpened, "i", 1020, Grade::kLeaning, "isp:ct")}).faults[0];
  EXPECT_EQ(leaning.result, FaultResult::kAbstained) << "leaning is no verdict";
  EXPECT_TRUE(leaning.listed);
}

TEST(Assess, ClosingSaysNothingAndDoubtsBeforeTheFaultAreNotAboutIt) {
  const Assessment a =
      assess_all({truth("f", 1000, 1200, "isp:ct")},
                 {doubtful("i", 900, {"isp:ct"}), event(EventKind::kClosed, "i", 1010, Grade::kConvicted, "app:x")});
  EXPECT_FALSE(a.faults[0].spoke);
  EXPECT_EQ(a.faults[0].result, FaultResult::kAbstained);
}

TEST(Assess, VerdictsOutsideFaultsAndTheirGraceAreFalse) {
  const std::vector<Truth> truths = {truth("f", 1000, 1200, "app:shop")};
  const Assessment a = assess_all(
      truths, {convicted("a", 990, "app:shop"), convicted("b", 1300, "app:shop"), convicted("c", 1301, "vantage:x")});
  ASSERT_EQ(a.statements.size(), 3U);
  EXPECT_FALSE(a.statements[0].truth) << "before the onset";
  EXPECT_TRUE(a.statements[1].truth) << "the last second of the grace";
  EXPECT_FALSE(a.statements[2].truth);
  const Score s = score_of(a);
  EXPECT_EQ(s.all_false(), 2U);
  EXPECT_EQ(s.false_verdicts[static_cast<std::size_t>(BlameClass::kApp)], 1U);
  EXPECT_EQ(s.false_verdicts[static_cast<std::size_t>(BlameClass::kVantage)], 1U);
  EXPECT_EQ(s.precision.hits, 1U);
  EXPECT_EQ(s.precision.of, 3U);
  // 86,400 s without [1000, 1200 + 100].
  EXPECT_NEAR(s.healthy_days, 86'100.0 / 86'400, 1e-9);
}

TEST(Assess, OverlappingFaultsTakeHealthyTimeOnce) {
  const Assessment a = assess_all(
      {truth("f", 1000, 2000, "app:a"), truth("g", 1500, 1600, "app:b"), truth("h", 1900, 2100, "app:c")}, {});
  EXPECT_NEAR(a.healthy_days, (86'400.0 - 1200) / 86'400, 1e-9) << "from 1,000 to 2,100 + 100";
  EXPECT_EQ(a.pairs, (std::vector<std::array<std::size_t, 2>>{{0, 1}, {0, 2}}));
}

TEST(Assess, TwoFaultsAreToldApartByTheirNames) {
  const std::vector<Truth> truths = {truth("f", 1000, 1500, "app:a"), truth("g", 1010, 1500, "isp:ct")};
  const Assessment a = assess_all(truths, {convicted("i", 1020, "isp:ct"), convicted("j", 1030, "app:a")});
  EXPECT_TRUE(a.faults[0].exact);
  EXPECT_TRUE(a.faults[1].exact);
  const Score s = score_of(a);
  EXPECT_EQ(s.both_exact.hits, 1U);
  EXPECT_EQ(s.both_exact.of, 1U);
  EXPECT_EQ(s.one_exact.hits, 0U);
  // What names neither of them is wrong about the one that began last.
  const Assessment b = assess_all(truths, {convicted("i", 1020, "zone:z"), convicted("j", 1030, "app:a")});
  EXPECT_EQ(b.faults[0].result, FaultResult::kRight);
  EXPECT_EQ(b.faults[1].result, FaultResult::kWrong);
  EXPECT_EQ(score_of(b).one_exact.hits, 1U);
}

TEST(Assess, ABurstMayBeNamedOrNotButNothingElse) {
  Truth burst = truth("b", 1000, 1020, "isp:ct");
  burst.optional = true;
  const Assessment named = assess_all({burst}, {convicted("i", 1010, "isp:ct")});
  EXPECT_TRUE(named.faults.empty());
  EXPECT_EQ(score_of(named).about_bursts, 1U);
  EXPECT_EQ(score_of(named).all_false(), 0U);
  EXPECT_EQ(score_of(named).precision.of, 0U);
  EXPECT_EQ(score_of(assess_all({burst}, {convicted("i", 1010, "peering:ct>p")})).all_false(), 1U);
  EXPECT_NEAR(named.healthy_days, 1, 1e-9) << "bursts are part of a healthy day";
}

TEST(Assess, ABetterGradeIsSaidFromThenOn) {
  const Assessment a = assess_all({truth("f", 1000, 1500, "app:a")},
                                  {event(EventKind::kOpened, "i", 1010, Grade::kLeaning, "app:a", 0.6),
                                   event(EventKind::kRevised, "i", 1050, Grade::kConvicted, "app:a", 0.97)});
  ASSERT_EQ(a.statements.size(), 1U);
  EXPECT_EQ(a.statements[0].from, at(1050));
  EXPECT_EQ(a.statements[0].confidence, 0.97);
  EXPECT_EQ(a.faults[0].rounds, 5);
}

TEST(Score, OfFourFaultsByHand) {
  // a: right and exact after 1 round; b: right class after 3; c: wrong after 2, with another class; d: not a word.
  const std::vector<Truth> truths = {truth("a", 1000, 1100, "app:a"), truth("b", 2000, 2100, "region:p/r"),
                                     truth("c", 3000, 3100, "isp:ct"), truth("d", 4000, 4100, "vantage:v")};
  const Assessment a =
      assess_all(truths, {convicted("1", 1010, "app:a", 0.95), convicted("2", 2030, "provider:p", 0.65),
                          convicted("3", 3020, "vantage:v", 0.75)});
  const Score s = score_of(a);
  const auto is = [](const Proportion& p, std::uint64_t hits, std::uint64_t of) {
    return p.hits == hits && p.of == of;
  };
  EXPECT_TRUE(is(s.right_class, 2, 4));
  EXPECT_TRUE(is(s.exact, 1, 4));
  EXPECT_TRUE(is(s.wrong_class, 1, 4));
  EXPECT_TRUE(is(s.abstained, 1, 4));
  EXPECT_TRUE(is(s.abstained_silent, 1, 1));
  EXPECT_TRUE(is(s.abstained_listing, 0, 1));
  EXPECT_TRUE(is(s.abstained_unjustified, 1, 1));
  EXPECT_TRUE(is(s.precision, 2, 3));
  EXPECT_TRUE(is(s.exact_precision, 1, 3));
  EXPECT_EQ(s.rounds_p50.value, 2) << "of 1, 2, 3";
  EXPECT_EQ(s.rounds_p95.value, 3);
  EXPECT_EQ(s.right_p50.value, 1) << "of 1, 3: the smallest that half do not exceed";
  EXPECT_TRUE(is(s.class_recall[0], 1, 1));
  EXPECT_TRUE(is(s.class_recall[1], 1, 1));
  EXPECT_TRUE(is(s.class_recall[2], 0, 0));
  EXPECT_TRUE(is(s.class_recall[3], 0, 1));
  EXPECT_TRUE(is(s.class_recall[4], 0, 1));
  EXPECT_TRUE(is(s.class_precision[4], 0, 1));
  ASSERT_TRUE(s.macro_f1);
  EXPECT_NEAR(*s.macro_f1, (1.0 + 1 + 0 + 0) / 4, 1e-12)
      << "app and provider 1, path and vantage 0, dns does not occur";
  // Squares: (0.95-1)², (0.65-1)², (0.75-0)².
  EXPECT_NEAR(s.brier.value, (0.0025 + 0.1225 + 0.5625) / 3, 1e-12);
  // Bins of one each: gaps 0.05, 0.35, 0.75, a third of the weight each. No bin holds twenty.
  EXPECT_NEAR(s.calibration_error, (0.05 + 0.35 + 0.75) / 3, 1e-12);
  EXPECT_EQ(s.calibration_worst, 0);
  EXPECT_NEAR(s.severity_error.value, 0.25, 1e-12);
}

TEST(Score, LeaningsAreCountedByWhetherTheClassWasRight) {
  const Score s = score_of(
      assess_all({truth("a", 1000, 1100, "app:a"), truth("b", 2000, 2100, "isp:ct")},
                 {event(EventKind::kOpened, "1", 1010, Grade::kLeaning, "app:b"),
                  event(EventKind::kOpened, "2", 2010, Grade::kLeaning, "vantage:v"), convicted("3", 2020, "isp:ct")}));
  EXPECT_EQ(s.leaning_right.hits, 1U);
  EXPECT_EQ(s.leaning_right.of, 2U);
  EXPECT_EQ(s.precision.of, 1U) << "leaning is no verdict";
}

TEST(Score, FaultsOutsideTheModelStandApart) {
  Truth t = truth("a", 1000, 1100, "");
  t.off_model = true;
  const Score s = score_of(assess_all({t}, {convicted("1", 1010, "app:a", 0.81), convicted("2", 1010, "app:b", 0.4)}));
  EXPECT_EQ(s.right_class.of, 0U);
  EXPECT_EQ(s.precision.of, 0U);
  EXPECT_EQ(s.off_model_wrong.hits, 1U);
  EXPECT_EQ(s.off_model_confident.hits, 1U);
  EXPECT_EQ(s.brier.n, 2U) << "confidence has to hold there too";
}

TEST(Score, SumsUpRuns) {
  const std::vector<Assessment> runs = {assess_all({truth("a", 1000, 1100, "app:a")}, {convicted("1", 1010, "app:a")}),
                                        assess_all({truth("a", 1000, 1100, "app:a")}, {}, 43'200)};
  const Score s = summarize(runs);
  EXPECT_EQ(s.right_class.hits, 1U);
  EXPECT_EQ(s.right_class.of, 2U);
  EXPECT_NEAR(s.healthy_days, (86'200.0 + 43'000) / 86'400, 1e-9);
}

TEST(Score, AsJsonNamesEveryMetricAndNullWhereThereIsNoCase) {
  const auto json = nlohmann::json::parse(
      to_json(score_of(assess_all({truth("a", 1000, 1100, "app:a")}, {convicted("1", 1010, "app:a")}))));
  EXPECT_EQ(json["right_class"]["value"], 1.0);
  EXPECT_EQ(json["right_class"]["hits"], 1);
  EXPECT_EQ(json["right_class"]["of"], 1);
  EXPECT_EQ(json["classes"]["app"]["recall"]["value"], 1.0);
  EXPECT_TRUE(json["abstained_listing_truth"].is_null());
  EXPECT_TRUE(json["two_faults_both_exact"].is_null());
  EXPECT_EQ(json["false_per_healthy_day"]["count"], 0);
  EXPECT_EQ(json["rounds_p50"]["value"], 1.0);
}

}  // namespace
}  // namespace sonde::hub::judge
