// Many runs at once on the real loop: nothing of it may hold the loop up (RELIABILITY C37).
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

#include "prober/checks/checks.h"
#include "prober/prober.h"
#include "tests/support/tcp_listener.h"
#include "tests/unit/prober/check_bench.h"

namespace sonde::test {
namespace {

using namespace std::chrono_literals;

/// The longest stretch of processor time between two ticks of a loop: its lag, without what neighbours on the machine
/// take away.
class BusyWatch {
 public:
  explicit BusyWatch(io::Loop& loop) : loop_(loop), last_(cpu()) { arm(); }
  [[nodiscard]] core::Duration longest() const { return longest_; }

 private:
  static core::Duration cpu() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
  }
  void arm() {
    tick_ = loop_.after(1ms, [this] {
      const core::Duration now = cpu();
      longest_ = std::max(longest_, now - last_);
      last_ = now;
      arm();
    });
  }
  io::Loop& loop_;
  core::Duration last_;
  core::Duration longest_{};
  io::Handle tick_;
};

TEST(ProberBurst, C37_TenThousandRefusalsAtOnceDoNotHoldUpTheLoop) {
  const auto loop = io::make_system_loop();
  const auto files = io::make_system_files();
  const auto http = io::make_http_client(*loop);
  prober::ProberConfig config;
  config.vantage.name = "v";
  config.allow = {"127.0.0.0/8"};
  const std::string url = "tcp://127.0.0.1:" + std::to_string(free_tcp_port());
  for (int i = 0; i < 10'000; ++i) {
    config.targets.push_back(CheckBench::make_entry(url, "", 5s));
    config.targets.back().target.name = "t" + std::to_string(i);
  }
  int refused = 0;
  auto made = make_prober(*loop, *files, *http, std::move(config), "", [&refused](const core::Record& r) {
    if (r.text("cause") == "refused") ++refused;
  });
  ASSERT_TRUE(made.has_value());
  bool done = false;
  const BusyWatch busy{*loop};
  (*made)->run_all_once([&done] { done = true; });
  ASSERT_TRUE(run_loop_until(
      *loop, [&done] { return done; }, 60s));
  EXPECT_EQ(refused, 10'000);
  EXPECT_LT(busy.longest(), 50ms);
}

}  // namespace
}  // namespace sonde::test
