#include "service/logging.h"

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

TEST(FormatEventTest, TextQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(FormatEvent(LogFormat::kText, "listening", {{"address", "127.0.0.1:43210"}}),
            "listening address=127.0.0.1:43210");
  EXPECT_EQ(FormatEvent(LogFormat::kText, "setting ignored", {{"why", "no effect"}, {"empty", ""}, {"eq", "a=b"}}),
            R"(setting ignored why="no effect" empty="" eq="a=b")");
}

TEST(FormatEventTest, JsonEscapesWhatWouldBreakALine) {
  EXPECT_EQ(FormatEvent(LogFormat::kJson, "e", {{"a\"b", "line\nbreak\t\"quoted\" \\ \x01 \xff"}}),
            R"("message":"e","a\"b":"line\u000abreak\u0009\"quoted\" \\ \u0001 \u00ff")");
}

TEST(FormatEventTest, TextLetsNoControlCharacterThrough) {
  EXPECT_EQ(FormatEvent(LogFormat::kText, "e", {{"v", "a\nb\x1b[2J"}}), R"(e v="a\u000ab\u001b[2J")");
}

}  // namespace
}  // namespace paracle::service
