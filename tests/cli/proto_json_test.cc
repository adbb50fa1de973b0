#include "cli/proto_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace paracle::cli {
namespace {

TEST(HumanBytesTest, ChangesUnitBeforeTheNumberGrowsAFifthDigit) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(HumanBytes(int64_t{3} << 30), "3.0 GiB");
}

TEST(DurationTest, SurvivesTheWire) {
  for (const absl::Duration duration : {absl::Milliseconds(850), absl::Nanoseconds(1), absl::Hours(24 * 30)}) {
    EXPECT_EQ(ToDuration(ToProto(duration)), duration);
  }
}

TEST(CountedEntriesTest, KnowsTheSingular) {
  EXPECT_EQ(CountedEntries(0, false), "0 entries");
  EXPECT_EQ(CountedEntries(1, false), "1 entry");
  EXPECT_EQ(CountedEntries(12, true), "about 12 entries");
}

TEST(Rfc3339Test, IsUtcWithTheFractionThatThereIs) {
  EXPECT_EQ(Rfc3339(absl::UnixEpoch()), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339(absl::UnixEpoch() + absl::Milliseconds(1500)), "1970-01-01T00:00:01.5Z");
}

TEST(DumpTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(Dump({{"model", "gpt\xff"}}, /*compact=*/true), "{\"model\":\"gpt\xEF\xBF\xBD\"}\n");
}

}  // namespace
}  // namespace paracle::cli
