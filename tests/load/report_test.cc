#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/load/load_report.h"

namespace paracle::load {
namespace {

using nlohmann::json;
using testing::HasSubstr;

LoadReport SomeReport() {
  LoadReport report;
  report.start_time = absl::FromUnixSeconds(1'800'000'000);
  report.elapsed = absl::Seconds(2);
  report.requests = 1000;
  report.hits = 700;
  report.misses = 300;
  report.statuses["OK"] = 1000;
  for (int i = 0; i < 1000; ++i) report.latency.Record(absl::Milliseconds(i < 990 ? 1 : 20));
  return report;
}

TEST(ReportJsonTest, CountersAreIntegersAndUnitsAreInTheNames) {
  const json report = json::parse(ReportJson(SomeReport()));
  EXPECT_EQ(report["schema_version"], 1);
  EXPECT_EQ(report["kind"], "BenchmarkReport");
  EXPECT_TRUE(report["requests"].is_number_integer());
  EXPECT_EQ(report["requests"], 1000);
  EXPECT_EQ(report["hit_ratio"], 0.7);
  EXPECT_EQ(report["requests_per_second"], 500.0);
  EXPECT_EQ(report["start_time"], "2027-01-15T08:00:00+00:00");
  EXPECT_NEAR(report["latency_seconds"]["p99"], 0.001, 0.00001);
  EXPECT_NEAR(report["latency_seconds"]["p99_9"], 0.02, 0.0002);
  EXPECT_TRUE(report["aborted"].is_null());
}

TEST(ReportJsonTest, WhatIsNotKnownIsNull) {
  const json report = json::parse(ReportJson(LoadReport()));
  EXPECT_TRUE(report["hit_ratio"].is_null());
  EXPECT_TRUE(report["error_rate"].is_null());
  EXPECT_TRUE(report["latency_seconds"]["p99"].is_null());
  EXPECT_TRUE(report["generator_cpu_seconds_per_request"].is_null());
  EXPECT_EQ(report["latency_seconds"]["count"], 0);
}

TEST(ReportJsonTest, AServersMessageMayBeAnything) {
  LoadReport report;
  report.error_messages["UNKNOWN: \xff\xfe\"\n"] = 1;
  EXPECT_TRUE(json::accept(ReportJson(report)));
}

TEST(ReportTextTest, SaysWhatMustNotBeOverlooked) {
  LoadReport report = SomeReport();
  report.wrong = 3;
  report.lost = 5;
  report.unsent = 7;
  report.aborted = "no connection for 5s";
  report.left_behind = "connection lost";
  report.thresholds.push_back(Judge(*Threshold::Parse("p99<0.5ms"), report));
  const std::string text = ReportText(report);
  EXPECT_THAT(text, HasSubstr("3 WRONG ANSWERS"));
  EXPECT_THAT(text, HasSubstr("5 misses of keys that had been stored"));
  EXPECT_THAT(text, HasSubstr("7 requests were due but never sent"));
  EXPECT_THAT(text, HasSubstr("gave up early: no connection for 5s"));
  EXPECT_THAT(text, HasSubstr("was not cleared: connection lost"));
  EXPECT_THAT(text, HasSubstr("[MISSED] p99<0.5ms (was 1 ms)"));
}

TEST(ReportTextTest, HasEveryPercentileThatWasPromised) {
  const std::string text = ReportText(SomeReport());
  for (const char* percentile : {"p50 ", "p90 ", "p95 ", "p99 ", "p99.9 ", "p99.99 "}) {
    EXPECT_THAT(text, HasSubstr(percentile));
  }
  EXPECT_THAT(text, HasSubstr("Total requests:        1000\n"));
  EXPECT_THAT(text, HasSubstr("70.0% of 1000 lookups"));
}

TEST(ReportTest, ExitCodesSayTheWorstThingFirst) {
  LoadReport report = SomeReport();
  EXPECT_EQ(report.ExitCode(), 0);
  report.thresholds.push_back(Judge(*Threshold::Parse("p99<1us"), report));
  EXPECT_EQ(report.ExitCode(), 99);
  report.wrong = 1;
  EXPECT_EQ(report.ExitCode(), 3);
  report.aborted = "gone";
  EXPECT_EQ(report.ExitCode(), 2);
  report.interrupted = true;
  EXPECT_EQ(report.ExitCode(), 130);
}

}  // namespace
}  // namespace paracle::load
