// The times that `sonde log` takes; what the verbs do is in tests/unit/pipeline/log_survey_test.cc and tests/e2e/cli.
#include <gtest/gtest.h>

#include "cli/verbs.h"
#include "core/text.h"

namespace sonde::cli {
namespace {

constexpr core::WallTime kNow = core::from_unix_ms(1'763'978'400'000);  // 2025-11-24T10:00:00Z

TEST(LogVerbs, TakesATimeADateOrHowLongAgo) {
  struct Case {
    const char* text;
    std::int64_t ms;
  };
  for (const Case& c :
       {Case{"2025-11-24T10:00:00Z", 1'763'978'400'000}, Case{"2025-11-24T09:59:59.5Z", 1'763'978'399'500},
        Case{"2025-11-24", 1'763'942'400'000}, Case{"2h", 1'763'971'200'000}}) {
    const auto moment = parse_moment(c.text, kNow);
    ASSERT_TRUE(moment) << c.text;
    EXPECT_EQ(core::to_unix_ms(*moment), c.ms) << c.text;
  }
}

TEST(LogVerbs, RefusesWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2025-13-01", "2025-02-30", "2025-11-24T10:00:00", "2025-11-24T25:00:00Z",
                           "2025-11-24T10:00:00Zx", "2025-11-24 10:00", "12", "9999-01-01", "2025-11-24T10:00:nanZ",
                           "2025-11-24T10:00:infZ"}) {
    EXPECT_FALSE(parse_moment(text, kNow)) << text;
  }
}

}  // namespace
}  // namespace sonde::cli
