#include "service/trace_context.h"

#include "gtest/gtest.h"

namespace paracle::service {
namespace {

constexpr char kTrace[] = "4bf92f3577b34da6a3ce929d0e0e4736";
constexpr char kSpan[] = "00f067aa0ba902b7";

TEST(TraceContextTest, TheExampleOfTheStandardIsRead) {
  const auto context = ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, kTrace);
  EXPECT_EQ(context->span_id, kSpan);
}

TEST(TraceContextTest, ALaterVersionMaySayMore) {
  const auto context =
      ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, kTrace);
}

TEST(TraceContextTest, WhatIsNotValidIsNotThere) {
  struct {
    const char* why;
    std::string header;
  } const kCases[] = {
      {"empty", ""},
      {"cut short", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"},
      {"more than version 00 has", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"},
      {"more without a dash", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"},
      {"version ff", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
      {"upper case", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"},
      {"no trace", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
      {"no span", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"},
      {"other separators", "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01"},
      {"a line break in it", "00-4bf92f3577b34da6a3ce929d0e0e473\n-00f067aa0ba902b7-01"},
      {"very long", std::string(100'000, 'a')},
  };
  for (const auto& c : kCases) EXPECT_FALSE(ParseTraceparent(c.header)) << c.why;
}

}  // namespace
}  // namespace paracle::service
