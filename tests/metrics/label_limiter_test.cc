#include "service/metrics/label_limiter.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace paracle::service {
namespace {

TEST(LabelLimiterTest, TheFirstFiftyAreToldApartForGood) {
  LabelLimiter limiter({});
  for (int i = 0; i < 50; ++i) EXPECT_EQ(limiter.Limit(absl::StrCat("m", i)), absl::StrCat("m", i));
  EXPECT_EQ(limiter.Limit("late"), "other");
  EXPECT_EQ(limiter.Limit("m49"), "m49");
  EXPECT_EQ(limiter.Limit("late"), "other");
}

TEST(LabelLimiterTest, AListIsAllThereIs) {
  LabelLimiter limiter({"gpt-4", "claude"});
  EXPECT_EQ(limiter.Limit("gpt-4"), "gpt-4");
  EXPECT_EQ(limiter.Limit("llama"), "other");
}

TEST(LabelLimiterTest, WhatComesOutIsShortWellFormedUtf8) {
  struct {
    const char* why;
    std::string value;
    std::string want;
  } const kCases[] = {
      {"nothing", "", "unknown"},
      {"plain", "gpt-4", "gpt-4"},
      {"letters of other alphabets", "modèle-模型-🙂", "modèle-模型-🙂"},
      {"a byte that begins no character", "a\xff", "a?"},
      {"half a character at the end", "a\xe6\xa8", "a??"},
      {"an overlong slash", "\xc0\xaf", "??"},
      {"an overlong character of three bytes", "\xe0\x80\x80", "???"},
      {"a surrogate", "\xed\xa0\x80", "???"},
      {"beyond the last character", "\xf4\x90\x80\x80", "????"},
      {"a line of its own", "a\nb 1\r\x7f", "a?b 1??"},
      {"a zero byte", std::string("a\0b", 3), "a?b"},
      {"too long", std::string(200, 'x'), std::string(128, 'x')},
      {"too long by half a character", std::string(127, 'x') + "é", std::string(127, 'x')},
  };
  for (const auto& c : kCases) EXPECT_EQ(LabelLimiter({}).Limit(c.value), c.want) << c.why;
}

}  // namespace
}  // namespace paracle::service
