#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "service/limits/limit_rules.h"

namespace paracle::service {
namespace {

using ::testing::HasSubstr;

LimitRules Parsed(absl::string_view text) {
  const auto rules = LimitRules::Parse(text);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.ok() ? *rules : LimitRules();
}

std::string Refusal(absl::string_view text) { return std::string(LimitRules::Parse(text).status().message()); }

TEST(LimitRulesTest, NothingLimitsNothing) {
  const LimitRules rules = Parsed("");
  EXPECT_EQ(rules.Of("any"), LimitRule());
  EXPECT_FALSE(rules.limit_calls());
  EXPECT_FALSE(rules.limit_memory());
}

TEST(LimitRulesTest, EachLimitIsRead) {
  const LimitRules rules = Parsed("acme:rps=100,in_flight=32,bytes=10MiB,memory=12.5%");
  EXPECT_EQ(rules.Of("acme"), (LimitRule{100, 32, 10 << 20, 0.125}));
  EXPECT_EQ(rules.Of("other"), LimitRule());
  EXPECT_TRUE(rules.limit_calls());
  EXPECT_TRUE(rules.limit_memory());
}

TEST(LimitRulesTest, WhatANamespaceDoesNotSayHoldsAsForAllAndNoneLiftsIt) {
  const LimitRules rules = Parsed(" acme:in_flight=3 ; free:rps=none; *:rps=10,bytes=1KiB ;");
  EXPECT_EQ(rules.Of("acme"), (LimitRule{10, 3, 1024, 0}));
  EXPECT_EQ(rules.Of("free"), (LimitRule{0, 0, 1024, 0}));
  EXPECT_EQ(rules.Of("other"), (LimitRule{10, 0, 1024, 0}));
}

TEST(LimitRulesTest, NamespacesMayHaveColons) {
  EXPECT_EQ(Parsed("team:a/b:rps=7").Of("team:a/b").requests_per_second, 7);
}

TEST(LimitRulesTest, MemoryAloneLimitsNoCalls) {
  const LimitRules rules = Parsed("*:memory=10%");
  EXPECT_FALSE(rules.limit_calls());
  EXPECT_TRUE(rules.limit_memory());
}

TEST(LimitRulesTest, RefusalsNameTheEntryAndWhatIsAccepted) {
  for (const char* field : {"rps=0", "rps=-1", "rps=x", "rps=", "rps", "", "burst=3", "in_flight=1.5", "bytes=fast",
                            "memory=25", "memory=0%", "memory=101%", "memory=1e1%", "rps=999999999999"}) {
    const std::string text = absl::StrCat("acme:", field);
    EXPECT_EQ(Refusal(text), absl::StrCat("in \"", text, "\": \"", field,
                                          "\" is no limit; want rps=NUMBER, in_flight=NUMBER, bytes=SIZE (a second) or "
                                          "memory=PERCENT%, or none"));
  }
  EXPECT_THAT(Refusal("rps=5"), HasSubstr("want NAMESPACE:LIMIT,LIMIT or *:LIMIT,LIMIT"));
  EXPECT_THAT(Refusal(":rps=5"), HasSubstr("no namespace"));
  EXPECT_THAT(Refusal("a b:rps=5"), HasSubstr("has a character outside"));
  EXPECT_THAT(Refusal("a:rps=5;a:rps=6"), HasSubstr("in \"a:rps=6\": the namespace is there twice"));
  EXPECT_THAT(Refusal("*:rps=5;*:rps=6"), HasSubstr("\"*\" is there twice"));
}

TEST(LimitRulesTest, MoreNamespacesThanMayBeNamedAreRefused) {
  std::string text;
  for (size_t i = 0; i <= LimitRules::kMaxNamed; ++i) absl::StrAppend(&text, "ns", i, ":rps=1;");
  EXPECT_EQ(Refusal(text), "names 257 namespaces; at most 256 are accepted");
}

}  // namespace
}  // namespace paracle::service
