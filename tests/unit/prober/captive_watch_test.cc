// The canary that must never answer (RELIABILITY C35).
#include "prober/captive_watch.h"

#include <gtest/gtest.h>

#include "io/system_loop.h"
#include "prober/self_watch.h"
#include "tests/support/run_loop.h"
#include "tests/support/sim_loop.h"
#include "tests/support/tcp_listener.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;

/// What two looks in a row found.
std::vector<bool> two_looks(const io::Endpoint& canary) {
  const auto loop = io::make_system_loop();
  std::vector<bool> found;
  const prober::CaptiveWatch watch{*loop,
                                   {.canary = canary, .source = std::nullopt, .every = 1ms, .timeout = 100ms},
                                   [&found](bool captive) { found.push_back(captive); }};
  EXPECT_TRUE(run_loop_until(*loop, [&found] { return found.size() >= 2; }));
  found.resize(2);
  return found;
}

TEST(CaptiveWatch, C35_ACanaryThatAnswersIsACaptivePortal) {
  const TcpListener proxy;  // stands for whoever answers in others' names
  EXPECT_EQ(two_looks(proxy.endpoint()), (std::vector<bool>{true, true}));
}

TEST(CaptiveWatch, C35_SilenceAndRefusalAreAsTheyShouldBe) {
  const FullListener nobody;
  EXPECT_EQ(two_looks({*io::parse_address("127.0.0.1"), nobody.port()}), (std::vector<bool>{false, false}));
  EXPECT_EQ(two_looks({*io::parse_address("127.0.0.1"), free_tcp_port()}), (std::vector<bool>{false, false}));
}

TEST(CaptiveWatch, C35_AllResultsAreSuspectWhileTheCanaryAnswers) {
  SimLoop loop;
  prober::SelfWatch watch{loop};
  watch.set_captive(true);
  EXPECT_EQ(watch.trust_now().why, "captive");
  watch.set_captive(false);
  EXPECT_EQ(watch.trust_now().why, "");
}

}  // namespace
}  // namespace sonde::test
