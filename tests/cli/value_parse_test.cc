#include "cli/value_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace paracle::cli {
namespace {

// nullopt for a refusal.
template <typename T>
std::optional<T> ValueOf(const absl::StatusOr<T>& parsed) {
  if (parsed.ok()) return *parsed;
  EXPECT_TRUE(absl::IsInvalidArgument(parsed.status())) << parsed.status();
  return std::nullopt;
}

TEST(ParseDurationTest, ReadsUnitsAndBareNumbers) {
  struct Case {
    const char* why;
    const char* text;
    std::optional<absl::Duration> want;
  };
  const Case cases[] = {
      {.why = "a bare number is in the unit given", .text = "2", .want = absl::Seconds(2)},
      {.why = "and may be a fraction", .text = "0.5", .want = absl::Milliseconds(500)},
      {.why = "a unit wins", .text = "500ms", .want = absl::Milliseconds(500)},
      {.why = "units add up", .text = "1h30m", .want = absl::Minutes(90)},
      {.why = "zero waits for nothing", .text = "0", .want = std::nullopt},
      {.why = "negative", .text = "-1s", .want = std::nullopt},
      {.why = "infinite", .text = "inf", .want = std::nullopt},
      {.why = "not a number", .text = "nan", .want = std::nullopt},
      {.why = "overflows", .text = "1e300", .want = std::nullopt},
      {.why = "empty", .text = "", .want = std::nullopt},
      {.why = "unknown unit", .text = "5 minutes", .want = std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(ValueOf(ParseDuration(c.text, absl::Seconds(1))), c.want) << c.why;
  EXPECT_EQ(ValueOf(ParseDuration("850", absl::Milliseconds(1))), absl::Milliseconds(850));
}

TEST(ParseDurationTest, RefusalSaysWhatIsAccepted) {
  EXPECT_EQ(ParseDuration("soon", absl::Seconds(1)).status().message(),
            "\"soon\" is not a positive duration; write 500ms, 2s, 1h30m or a number of seconds");
}

TEST(ParseWholeTest, HoldsItsBounds) {
  EXPECT_EQ(ValueOf(ParseWhole("1", 1, 256)), 1);
  EXPECT_EQ(ValueOf(ParseWhole("256", 1, 256)), 256);
  for (const char* text : {"0", "257", "1.5", "", "x", "99999999999999999999"}) {
    EXPECT_EQ(ValueOf(ParseWhole(text, 1, 256)), std::nullopt) << text;
  }
}

TEST(ParseNumberTest, HoldsItsBoundsAndRefusesNaN) {
  EXPECT_EQ(ValueOf(ParseNumber("0.25", 0, 1)), 0.25);
  EXPECT_EQ(ValueOf(ParseNumber("1", 0, 1)), 1);
  for (const char* text : {"-0.1", "1.1", "nan", "inf", "", "half"}) {
    EXPECT_EQ(ValueOf(ParseNumber(text, 0, 1)), std::nullopt) << text;
  }
}

TEST(ParseTokensTest, ReadsAPairOfCounts) {
  EXPECT_EQ(ValueOf(ParseTokens("120,48")), std::make_pair(int64_t{120}, int64_t{48}));
  for (const char* text : {"120", "120,48,1", ",", "a,b", "-1,2", "1,4294967296"}) {
    EXPECT_EQ(ValueOf(ParseTokens(text)), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace paracle::cli
