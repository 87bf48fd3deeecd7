// Allocation torture of what delivers (RELIABILITY 1.6, proof 6): pump, influx sink with its gzip, dead letters and
// bisection, file sink with rotation and packing. The Nth operator new of our own code fails, N going up until none
// does. The process ends by that (STYLE 6), in order or at once: either way the next one delivers all that was taken
// in, and under AddressSanitizer nothing leaks. Left out: libcurl, c-ares and OpenSSL, which allocate by malloc(3) and
// say so by an error that is like any other failed request; zlib's and zstd's own memory, without which they abort.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/unit/torture/failing_new.h"
#include "tests/unit/torture/sink_life.h"

namespace sonde::pipeline::test {
namespace {

using sonde::test::FailingNew;

TEST(SinkTorture, ALifeWithoutFailuresDeliversAll) {
  Outside outside;
  EXPECT_TRUE(deliver_for_a_while(outside));
  EXPECT_GT(outside.requests, 20U);
  EXPECT_GT(outside.stored.size(), 80U);
  EXPECT_EQ(deliver_the_rest(outside), "");
}

TEST(SinkTorture, P2_WhereverMemoryRunsOutTheNextProcessDeliversAll) {
  std::uint64_t all = 0;
  for (int life = 0; life < 2; ++life) {  // the first one allocates what this process keeps, such as its logger
    Outside outside;
    const FailingNew counting{0};
    ASSERT_TRUE(deliver_for_a_while(outside));
    all = counting.counted();
  }
  ASSERT_GT(all, 1000U);
  // Every N with SONDE_LONG=1; else as many as take some seconds, spread over all of them.
  const std::uint64_t step = std::getenv("SONDE_LONG") != nullptr ? 1 : std::max<std::uint64_t>(1, all / 250);
  for (std::uint64_t n = 1; n <= all; n += step) {
    SCOPED_TRACE(testing::Message() << "allocation " << n);
    Outside ended;   // in order: what was built is destroyed
    Outside killed;  // at once
    {
      const FailingNew failing{n, [&] { copy_outside(ended, killed); }};
      (void)deliver_for_a_while(ended);  // the logger bears it and goes on
      ASSERT_TRUE(failing.failed());
    }
    EXPECT_EQ(deliver_the_rest(killed), "") << "killed there";
    EXPECT_EQ(deliver_the_rest(ended), "");
    if (HasFailure()) return;
  }
  std::printf("%lu allocations, every %lu\n", static_cast<unsigned long>(all), static_cast<unsigned long>(step));
}

}  // namespace
}  // namespace sonde::pipeline::test
