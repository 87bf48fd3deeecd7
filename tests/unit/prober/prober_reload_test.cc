// A new configuration while the prober runs: what stays the same goes on as if nothing had happened.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "prober/clients.h"
#include "tests/unit/prober/fake_check.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;
using core::Record;
using prober::ProberConfig;

class ProberReload : public ProberTest {
 protected:
  void reload(ProberConfig config, const std::string& vantage = "v") {
    config.vantage.name = vantage;
    config.vantage.version = "1";
    ASSERT_TRUE(prober_->reconfigure(std::move(config)).has_value());
  }
  void run_until_in_flight() {
    for (int i = 0; i < 1000 && prober_->snapshot().in_flight == 0; ++i) loop_.run_for(10ms);
    ASSERT_GT(prober_->snapshot().in_flight, 0U);
  }
};

TEST_F(ProberReload, ARunInFlightSurvivesAndItsSlotsDoNotMove) {
  make(config_of(fake_target("a", 4s), fake_target("old")));
  prober_->start();
  loop_.run_for(30s);
  run_until_in_flight();
  loop_.run_for(1s);
  reload(config_of(fake_target("new"), fake_target("a", 4s)));  // also in another order
  loop_.run_for(40s);
  const auto runs = of("probe", "a");
  ASSERT_GE(runs.size(), 6U);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i].text("status"), "ok") << i;
    EXPECT_EQ(*runs[i].integer("seq"), static_cast<std::int64_t>(i + 1));
    EXPECT_NEAR(*runs[i].number("duration_seconds"), 4, 0.001);
    if (i == 0) continue;
    EXPECT_EQ(runs[i].time - runs[i - 1].time, 10s);
  }
}

TEST_F(ProberReload, AChangedTargetRunsOnWithItsOldSettingsAndThenWithItsNewOnes) {
  make(config_of(fake_target("a", 4s)));
  prober_->start();
  run_until_in_flight();
  auto changed = fake_target("a", 100ms);
  changed.target.url = "tcp://y.test:2";
  changed.target.provider = "p";
  reload(config_of(std::move(changed)));
  EXPECT_EQ(of("target", "a").size(), 2U) << "a change is described at once";
  EXPECT_EQ(of("target", "a").back().text("url"), "tcp://y.test:2");
  loop_.run_for(15s);
  const auto runs = of("probe", "a");
  ASSERT_GE(runs.size(), 2U);
  EXPECT_NEAR(*runs[0].number("duration_seconds"), 4, 0.001);
  EXPECT_EQ(runs[0].tag("provider"), "") << "it began as the old one";
  EXPECT_NEAR(*runs[1].number("duration_seconds"), 0.1, 0.001);
  EXPECT_EQ(runs[1].tag("provider"), "p");
  EXPECT_EQ(runs[1].time - runs[0].time, 10s);
}

TEST_F(ProberReload, AnUnchangedTargetIsNotDescribedAgain) {
  make(config_of(fake_target("a"), fake_target("b")));
  prober_->start();
  reload(config_of(fake_target("a"), fake_target("b"), fake_target("c")));
  EXPECT_EQ(of("target", "a").size(), 1U);
  EXPECT_EQ(of("target", "c").size(), 1U);
  EXPECT_EQ(of("vantage").size(), 1U);
}

TEST_F(ProberReload, ANewIntervalIsANewGrid) {
  make(config_of(fake_target("a", 4s)));
  prober_->start();
  run_until_in_flight();
  auto faster = fake_target("a", 100ms);
  faster.target.every = 5s;
  faster.target.timeout = 4s;
  reload(config_of(std::move(faster)));
  loop_.run_for(1min);
  const auto runs = of("probe", "a");
  ASSERT_GE(runs.size(), 12U);
  for (std::size_t i = 1; i < runs.size(); ++i) EXPECT_GT(runs[i].time, runs[i - 1].time);
  for (std::size_t i = 3; i < runs.size(); ++i) EXPECT_EQ(runs[i].time - runs[i - 1].time, 5s);
}

TEST_F(ProberReload, ATargetThatGoesEndsWithARecordAndIsNeverRunAgain) {
  make(config_of(fake_target("a", 4s), fake_target("b", 4s)));
  prober_->start();
  while (of("probe", "b").empty()) loop_.run_for(100ms);
  run_until_in_flight();
  reload(config_of(fake_target("a", 4s)));
  const auto b = of("probe", "b").size();
  loop_.run_for(5min);
  EXPECT_EQ(of("probe", "b").size(), b);
  EXPECT_EQ(prober_->snapshot().targets, 1U);
  // Its number is used again, and nothing of it is left.
  reload(config_of(fake_target("a", 4s), fake_target("c")));
  loop_.run_for(1min);
  EXPECT_EQ(of("probe", "c").front().integer("seq"), 1);
}

TEST_F(ProberReload, ARunOfARemovedTargetSaysSo) {
  make(config_of(fake_target("a", 4s)));
  prober_->start();
  run_until_in_flight();
  reload({});
  ASSERT_EQ(of("probe", "a").size(), 1U);
  EXPECT_EQ(of("probe", "a").back().text("cause"), "skipped");
  EXPECT_EQ(of("probe", "a").back().text("detail"), "the target was removed");
  EXPECT_EQ(prober_->snapshot().in_flight, 0U);
}

TEST_F(ProberReload, ManyReloadsNeitherBunchNorLoseASlot) {
  const auto config = [](int extra) {
    ProberConfig c;
    for (int i = 0; i < 200; ++i) c.targets.push_back(fake_target("t" + std::to_string(i), 500ms));
    c.targets.push_back(fake_target("extra" + std::to_string(extra)));
    return c;
  };
  make(config(0));
  prober_->start();
  std::size_t most = 0;
  for (int i = 1; i <= 60; ++i) {
    loop_.run_for(700ms);
    reload(config(i));
    most = std::max(most, prober_->snapshot().in_flight);
  }
  loop_.run_for(18s);
  EXPECT_LT(most, 40U) << "10 are expected at a time";
  std::map<std::string, std::vector<core::WallTime>> slots;
  for (const Record& r : of("probe")) {
    if (!r.tag("target").starts_with("t")) continue;
    EXPECT_EQ(r.text("status"), "ok") << r.tag("target");
    slots[std::string{r.tag("target")}].push_back(r.time);
  }
  EXPECT_EQ(slots.size(), 200U);
  for (const auto& [name, times] : slots) {
    EXPECT_GE(times.size(), 5U) << name;
    for (std::size_t i = 1; i < times.size(); ++i) EXPECT_EQ(times[i] - times[i - 1], 10s) << name;
  }
}

TEST_F(ProberReload, MorePlacesLetThoseThatWaitBeginAtOnce) {
  ProberConfig config = config_of(fake_target("a", 4s), fake_target("b", 4s), fake_target("c", 4s));
  config.runs_in_flight_max = 1;
  make(std::move(config));
  prober_->start();
  for (int i = 0; i < 1000 && prober_->snapshot().waiting == 0; ++i) loop_.run_for(10ms);
  ASSERT_GT(prober_->snapshot().waiting, 0U);
  reload(config_of(fake_target("a", 4s), fake_target("b", 4s), fake_target("c", 4s)));
  EXPECT_EQ(prober_->snapshot().waiting, 0U);
  EXPECT_GE(prober_->snapshot().in_flight, 2U);
}

TEST_F(ProberReload, ATargetThatIsRemovedWhileItWaitsIsForgotten) {
  ProberConfig config = config_of(fake_target("a", 4s), fake_target("b", 4s));
  config.runs_in_flight_max = 1;
  make(std::move(config));
  prober_->start();
  for (int i = 0; i < 3000 && prober_->snapshot().waiting == 0; ++i) loop_.run_for(10ms);
  if (prober_->snapshot().waiting == 0) GTEST_SKIP() << "their phases do not meet";
  reload({});
  loop_.run_for(1min);
  EXPECT_EQ(prober_->snapshot().waiting, 0U);
  EXPECT_EQ(prober_->snapshot().in_flight, 0U);
}

TEST_F(ProberReload, ARenamedVantageEndsWhatItBeganUnderItsOldName) {
  make(config_of(fake_target("a", 4s)));
  prober_->start();
  run_until_in_flight();
  reload(config_of(fake_target("a", 4s)), "w");
  EXPECT_EQ(of("probe", "a").back().text("detail"), "the vantage was changed");
  EXPECT_EQ(of("probe", "a").back().tag("vantage"), "v");
  EXPECT_EQ(of("vantage").size(), 2U);
  loop_.run_for(30s);
  EXPECT_EQ(of("probe", "a").back().tag("vantage"), "w");
  EXPECT_EQ(of("probe", "a").back().text("status"), "ok");
}

TEST_F(ProberReload, OnlyClientsWhoseSettingsChangedAreNew) {
  prober::HandshakeGate gate{loop_, 1};
  const auto clients = [&](const ProberConfig& config, const prober::Clients* before) {
    auto made = make_clients(loop_, *files_, http_, gate, config, "", before);
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  };
  ProberConfig config;
  const auto first = clients(config, nullptr);
  const auto same = clients(config, first.get());
  EXPECT_EQ(same->dns, first->dns);
  EXPECT_EQ(same->dialer, first->dialer);
  EXPECT_EQ(same->tls, first->tls);
  config.allow = {"127.0.0.0/8"};
  const auto allowed = clients(config, first.get());
  EXPECT_EQ(allowed->dns, first->dns);
  EXPECT_NE(allowed->dialer, first->dialer);
  EXPECT_EQ(allowed->tls, first->tls);
  config.source = "127.0.0.1";
  const auto moved = clients(config, allowed.get());
  EXPECT_NE(moved->dns, first->dns);
  EXPECT_NE(moved->dialer, allowed->dialer);
  EXPECT_EQ(moved->tls, first->tls);
  config.resolver = "127.0.0.9";
  const auto asked = clients(config, moved.get());
  EXPECT_EQ(asked->dns, moved->dns);
  EXPECT_EQ(asked->context->resolver, io::parse_endpoint("127.0.0.9", 53));
}

}  // namespace
}  // namespace sonde::test
