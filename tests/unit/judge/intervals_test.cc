// Intervals against values from textbooks.
#include "hub/judge/intervals.h"

#include <gtest/gtest.h>

namespace sonde::hub::judge {
namespace {

TEST(Wilson, KnownValues) {
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  EXPECT_NEAR((Proportion{81, 263}.interval().low), 0.2553, 5e-5);
  EXPECT_NEAR((Proportion{81, 263}.interval().high), 0.3662, 5e-5);
  EXPECT_NEAR((Proportion{15, 148}.interval().low), 0.0624, 5e-5);
  EXPECT_NEAR((Proportion{15, 148}.interval().high), 0.1605, 5e-5);
  EXPECT_NEAR((Proportion{0, 20}.interval().low), 0, 1e-12);
  EXPECT_NEAR((Proportion{0, 20}.interval().high), 0.1611, 5e-5);
  EXPECT_NEAR((Proportion{1, 29}.interval().low), 0.0061, 5e-5);
  EXPECT_NEAR((Proportion{1, 29}.interval().high), 0.1718, 5e-5);
}

TEST(Wilson, NothingCountedKnowsNothing) {
  EXPECT_FALSE(Proportion{}.value());
  EXPECT_EQ(Proportion{}.interval().low, 0);
  EXPECT_EQ(Proportion{}.interval().high, 1);
}

TEST(Poisson, IsCloseToTheExactInterval) {
  // Exact (Garwood): 0 → 0…3.689, 1 → 0.0253…5.572, 3 → 0.619…8.767, 10 → 4.795…18.390.
  EXPECT_EQ(poisson_interval(0).low, 0);
  EXPECT_NEAR(poisson_interval(0).high, 3.689, 0.03);
  EXPECT_NEAR(poisson_interval(1).low, 0.0253, 0.02);
  EXPECT_NEAR(poisson_interval(1).high, 5.572, 0.02);
  EXPECT_NEAR(poisson_interval(3).low, 0.619, 0.02);
  EXPECT_NEAR(poisson_interval(3).high, 8.767, 0.02);
  EXPECT_NEAR(poisson_interval(10).low, 4.795, 0.02);
  EXPECT_NEAR(poisson_interval(10).high, 18.390, 0.02);
}

TEST(Bootstrap, IsTheSameEachTimeAndHoldsTheValue) {
  std::vector<double> values;
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  const Estimate median = estimate_quantile(values, 0.5);
  EXPECT_EQ(median.value, 50);
  EXPECT_EQ(estimate_quantile(values, 0.95).value, 95);
  EXPECT_EQ(estimate_quantile(values, 0).value, 1);
  EXPECT_EQ(estimate_quantile(values, 1).value, 100);
  EXPECT_LT(median.interval.low, 50);
  EXPECT_GT(median.interval.high, 50);
  // The standard error of the mean of 1 … 100 is 2.9: two sided, 95 % are ± 5.7.
  const Estimate mean = estimate_mean(values);
  EXPECT_EQ(mean.value, 50.5);
  EXPECT_NEAR(mean.interval.low, 44.8, 1);
  EXPECT_NEAR(mean.interval.high, 56.2, 1);
  EXPECT_EQ(estimate_mean(values).interval.low, mean.interval.low);
}

TEST(Bootstrap, OneValueIsCertainOfItselfAndNoneIsNothing) {
  EXPECT_EQ(estimate_mean({3}).interval.low, 3);
  EXPECT_EQ(estimate_mean({3}).interval.high, 3);
  EXPECT_EQ(estimate_mean({}).n, 0U);
  EXPECT_EQ(estimate_quantile({}, 0.5).n, 0U);
}

}  // namespace
}  // namespace sonde::hub::judge
