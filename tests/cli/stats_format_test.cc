#include "cli/stats_format.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace paracle::cli {
namespace {

using ::paracle::cache::v1::GetStatsResponse;
using ::testing::ElementsAre;
using Json = nlohmann::ordered_json;

GetStatsResponse FromText(const char* text) {
  GetStatsResponse response;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &response));
  return response;
}

// The figures of the README.
GetStatsResponse Busy() {
  return FromText(R"(
    total {
      hits: 70 misses: 30 sets: 30 evictions: 2 hit_rate: 0.7 miss_rate: 0.3
      cached_tokens: 11760 uncached_tokens: 5040 saved_cost_usd: 0.012 speedup: 100
      average_cached_time { nanos: 8000000 } average_uncached_time { nanos: 800000000 }
      entries: 70 max_entries: 1000 size_bytes: 300000 max_size_bytes: 268435456 utilization: 0.07
      start_time { seconds: 1795392000 } update_time { seconds: 1795392060 nanos: 500000000 }
    }
    by_model { namespace: "default" model: "gpt-4" stats { hits: 70 misses: 30 hit_rate: 0.7 miss_rate: 0.3 } }
    by_model { overflow: true stats { misses: 1 hit_rate: 0 miss_rate: 1 } }
    backend: "memory" enabled: true)");
}

// As a server answers before the first request.
GetStatsResponse Fresh() {
  return FromText("total { max_entries: 1000 utilization: 0 } backend: 'memory' enabled: true");
}

TEST(StatsTextTest, HasTheShapeThatScriptsRelyOn) {
  EXPECT_EQ(StatsText(Busy()),
            "Cache Statistics:\n"
            "  Requests: 100 (70 hits, 30 misses)\n"
            "  Hit Rate: 70.0%\n"
            "  Speedup: 100.0x faster (cached)\n"
            "  Cost Saved: $0.0120\n"
            "  Utilization: 7.0% (70/1000)\n"
            "  Average Cached Time: 8.000 ms\n"
            "  Average Uncached Time: 800.000 ms\n"
            "  Cached Tokens: 11760\n"
            "  Uncached Tokens: 5040\n");
}

TEST(StatsTextTest, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(StatsText(Fresh()),
            "Cache Statistics:\n"
            "  Requests: 0 (0 hits, 0 misses)\n"
            "  Cost Saved: $0.0000\n"
            "  Utilization: 0.0% (0/1000)\n"
            "  Cached Tokens: 0\n"
            "  Uncached Tokens: 0\n");
}

TEST(StatsTextTest, CountsBytesWhenEntriesAreNotLimited) {
  const GetStatsResponse response =
      FromText("total { size_bytes: 134217728 max_size_bytes: 268435456 utilization: 0.5 entries: 9 }");
  EXPECT_THAT(StatsText(response), testing::HasSubstr("  Utilization: 50.0% (128.0 MiB/256.0 MiB)\n"));
}

std::vector<std::string> NamesOf(const Json& json) {
  std::vector<std::string> names;
  for (const auto& [name, value] : json.items()) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

TEST(StatsJsonTest, HasExactlyTheDocumentedMembers) {
  const auto names = ElementsAre("avg_cached_time_ms", "avg_uncached_time_ms", "by_model", "cache_size",
                                 "cached_tokens", "estimated_cost_saved", "evictions", "hit_rate", "hits",
                                 "last_updated", "leases", "max_cache_size", "miss_rate", "misses", "shared_tier",
                                 "speedup_factor", "start_time", "total_requests", "uncached_tokens", "utilization");
  EXPECT_THAT(NamesOf(StatsJson(Busy())), names);
  EXPECT_THAT(NamesOf(StatsJson(Fresh())), names) << "an unknown figure is null, not absent";
}

TEST(StatsJsonTest, GivesRatesAsRatiosAndTimesAsRfc3339) {
  const Json json = StatsJson(Busy());
  EXPECT_EQ(json["hit_rate"], 0.7);
  EXPECT_EQ(json["miss_rate"], 0.3);
  EXPECT_EQ(json["total_requests"], 100);
  EXPECT_EQ(json["avg_cached_time_ms"], 8.0);
  EXPECT_EQ(json["avg_uncached_time_ms"], 800.0);
  EXPECT_EQ(json["speedup_factor"], 100.0);
  EXPECT_EQ(json["estimated_cost_saved"], 0.012);
  EXPECT_EQ(json["cache_size"], 70);
  EXPECT_EQ(json["max_cache_size"], 1000);
  EXPECT_EQ(json["utilization"], 0.07);
  EXPECT_EQ(json["evictions"], 2);
  EXPECT_EQ(json["start_time"], "2026-11-23T00:00:00Z");
  EXPECT_EQ(json["last_updated"], "2026-11-23T00:01:00.5Z");
}

TEST(StatsJsonTest, IsNullWhereNothingIsKnown) {
  const Json json = StatsJson(Fresh());
  for (const char* name : {"hit_rate", "miss_rate", "avg_cached_time_ms", "avg_uncached_time_ms", "speedup_factor",
                           "start_time", "last_updated"}) {
    EXPECT_TRUE(json[name].is_null()) << name;
  }
  EXPECT_EQ(json["hits"], 0);
  EXPECT_EQ(json["by_model"], Json::array());
}

TEST(StatsTextTest, SaysWhenTheSharedTierIsAway) {
  GetStatsResponse response = Busy();
  response.mutable_shared_tier()->set_state(paracle::cache::v1::SharedTierStatus::STATE_CONNECTED);
  EXPECT_EQ(StatsText(response), StatsText(Busy())) << "nothing to say while it is there";
  response.mutable_shared_tier()->set_state(paracle::cache::v1::SharedTierStatus::STATE_DEGRADED);
  response.mutable_shared_tier()->set_reason("connection refused");
  EXPECT_EQ(StatsText(response), StatsText(Busy()) + "  Shared Tier: degraded: connection refused\n");
}

TEST(StatsJsonTest, TellsOfTheSharedTierIfThereIsOne) {
  EXPECT_TRUE(StatsJson(Busy())["shared_tier"].is_null());
  const Json json = StatsJson(FromText("shared_tier { state: STATE_DEGRADED reason: 'gone' }"))["shared_tier"];
  EXPECT_EQ(json["degraded"], true);
  EXPECT_EQ(json["reason"], "gone");
  EXPECT_TRUE(json["totals_time"].is_null());
}

TEST(StatsTextTest, SaysWhoWaitsAndWhatWasSharedOnThisServer) {
  GetStatsResponse response = Busy();
  response.mutable_leases();
  EXPECT_EQ(StatsText(response), StatsText(Busy())) << "nothing to say";
  response.mutable_leases()->set_held(2);
  response.mutable_leases()->set_waiting(18);
  response.mutable_leases()->set_coalesced_count(40);
  response.mutable_leases()->set_alone(true);
  EXPECT_EQ(StatsText(response), StatsText(Busy()) +
                                     "  Coalesced: 40 (this server)\n"
                                     "  Leases: 2 held, 18 waiting, 0 recorded, 0 following (this server)\n"
                                     "  Leases: given by this server alone while the shared tier is away\n");
}

TEST(StatsJsonTest, TellsOfLeasesUnlessTheCacheIsSwitchedOff) {
  EXPECT_TRUE(StatsJson(Busy())["leases"].is_null());
  const Json json = StatsJson(FromText("leases { held: 1 granted_count: 5 coalesced_count: 7 followers: 3 }"))
                        ["leases"];
  EXPECT_EQ(json["held"], 1);
  EXPECT_EQ(json["granted"], 5);
  EXPECT_EQ(json["coalesced"], 7);
  EXPECT_EQ(json["followers"], 3);
  EXPECT_EQ(json["alone"], false);
}

TEST(StatsJsonTest, SizesOfOneNamespaceAreNotKnown) {
  const Json json = StatsJson(FromText("total { hits: 1 hit_rate: 1 miss_rate: 0 }"));
  EXPECT_TRUE(json["cache_size"].is_null());
  EXPECT_TRUE(json["max_cache_size"].is_null());
  EXPECT_TRUE(json["utilization"].is_null());
}

TEST(StatsJsonTest, ListsModelsWithTheirNamespaces) {
  const Json rows = StatsJson(Busy())["by_model"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["namespace"], "default");
  EXPECT_EQ(rows[0]["model"], "gpt-4");
  EXPECT_EQ(rows[0]["overflow"], false);
  EXPECT_EQ(rows[0]["hits"], 70);
  EXPECT_EQ(rows[1]["overflow"], true);
  EXPECT_EQ(rows[1]["hit_rate"], 0.0);
}

}  // namespace
}  // namespace paracle::cli
