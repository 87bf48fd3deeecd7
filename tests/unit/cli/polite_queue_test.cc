// Who is asked when.
#include "cli/polite_queue.h"

#include <gtest/gtest.h>

namespace sonde::cli {
namespace {

using namespace std::chrono_literals;

constexpr core::MonoTime kStart{1000s};

std::vector<std::size_t> all_that_may_begin(PoliteQueue& queue, core::MonoTime now) {
  std::vector<std::size_t> out;
  while (const auto run = queue.next(now)) out.push_back(*run);
  return out;
}

using Runs = std::vector<std::size_t>;

TEST(PoliteQueue, NoHostIsAskedTwiceAtATime) {
  PoliteQueue queue{{"a", "a", "b", "a", "b", "c"}, 10, 1s};
  EXPECT_EQ(all_that_may_begin(queue, kStart), (Runs{0, 2, 5}));
  queue.ended(2, kStart);
  EXPECT_EQ(all_that_may_begin(queue, kStart), Runs{});
  EXPECT_EQ(queue.when(), kStart + 1s);
  EXPECT_EQ(all_that_may_begin(queue, kStart + 999ms), Runs{});
  EXPECT_EQ(all_that_may_begin(queue, kStart + 1s), Runs{4});
}

TEST(PoliteQueue, AtMostSoManyAtATime) {
  PoliteQueue queue{{"a", "b", "c"}, 2, 1s};
  EXPECT_EQ(all_that_may_begin(queue, kStart), (Runs{0, 1}));
  EXPECT_EQ(queue.when(), std::nullopt) << "only an end makes room";
  queue.ended(1, kStart);
  EXPECT_EQ(all_that_may_begin(queue, kStart), Runs{2});
}

TEST(PoliteQueue, EveryRunBeginsOnceAndAllEnd) {
  PoliteQueue queue{{"a", "a", "a"}, 4, 2s};
  core::MonoTime now = kStart;
  Runs begun;
  while (!queue.all_ended()) {
    if (const auto run = queue.next(now)) {
      begun.push_back(*run);
      now += 100ms;
      queue.ended(*run, now);
    } else {
      ASSERT_TRUE(queue.when().has_value());
      ASSERT_GT(*queue.when(), now);
      now = *queue.when();
    }
  }
  EXPECT_EQ(begun, (Runs{0, 1, 2}));
  EXPECT_EQ(now, kStart + 4300ms);
  EXPECT_TRUE(PoliteQueue({}, 4, 2s).all_ended());
}

}  // namespace
}  // namespace sonde::cli
