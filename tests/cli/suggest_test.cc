#include "cli/suggest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace paracle::cli {
namespace {

TEST(EditDistanceTest, CountsEditsAndSwaps) {
  struct Case {
    const char* why;
    const char* a;
    const char* b;
    size_t want;
  };
  const Case cases[] = {
      {.why = "the same word", .a = "stats", .b = "stats", .want = 0},
      {.why = "nothing typed: every letter is inserted", .a = "", .b = "key", .want = 3},
      {.why = "nothing known: every letter is deleted", .a = "key", .b = "", .want = 3},
      {.why = "one letter replaced", .a = "statz", .b = "stats", .want = 1},
      {.why = "one letter missing", .a = "helth", .b = "health", .want = 1},
      {.why = "one letter too many", .a = "gett", .b = "get", .want = 1},
      {.why = "neighbours swapped count once, not twice", .a = "claer", .b = "clear", .want = 1},
      {.why = "the textbook pair", .a = "kitten", .b = "sitting", .want = 3},
  };
  for (const Case& c : cases) EXPECT_EQ(EditDistance(c.a, c.b), c.want) << c.why;
}

TEST(SuggestTest, NamesTheNearestWordOrNone) {
  struct Case {
    const char* why;
    const char* typed;
    std::optional<std::string> want;
  };
  const std::vector<std::string> known = {"stats", "set", "get", "benchmark", "--format"};
  const Case cases[] = {
      {.why = "one typo", .typed = "statz", .want = "stats"},
      {.why = "two typos in a long word", .typed = "bencmhakr", .want = "benchmark"},
      {.why = "the start of a word", .typed = "bench", .want = "benchmark"},
      {.why = "two alike: the first one", .typed = "et", .want = "set"},
      {.why = "flags too", .typed = "--fromat", .want = "--format"},
      {.why = "nothing is near", .typed = "frobnicate", .want = std::nullopt},
      {.why = "short words allow one edit only", .typed = "key", .want = std::nullopt},
      {.why = "nothing typed", .typed = "", .want = std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(Suggest(c.typed, known), c.want) << c.why;
}

TEST(SuggestTest, DoesNotCompareAWordThatNobodyMistyped) {
  EXPECT_EQ(Suggest(std::string(65, 'a'), {std::string(65, 'a')}), std::nullopt);
  EXPECT_EQ(Suggest(std::string(64, 'a'), {std::string(64, 'a')}), std::string(64, 'a'));
}

}  // namespace
}  // namespace paracle::cli
