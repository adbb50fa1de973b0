// What every RPC answers, through generated stubs and a real socket.
#include "service/server.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/service/running_server.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using ::testing::ElementsAre;

v1::GetResponse Get(RunningServer& server, const v1::EntryRef& ref) {
  v1::GetRequest request;
  *request.mutable_entry() = ref;
  v1::GetResponse response;
  const grpc::Status status = server.cache().Get(Patient().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::SetResponse Set(RunningServer& server, const v1::SetRequest& request) {
  v1::SetResponse response;
  const grpc::Status status = server.cache().Set(Patient().get(), request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

v1::SetRequest FullSet() {
  v1::SetRequest request = SetOf(RefOf('a'), "the answer");
  request.set_content_type("application/json");
  request.mutable_ttl()->set_seconds(60);
  request.add_tags("t1");
  request.mutable_origin()->set_prompt_tokens(100);
  request.mutable_origin()->set_completion_tokens(20);
  request.mutable_origin()->set_cost_usd(0.25);
  request.mutable_origin()->mutable_latency()->set_seconds(2);
  return request;
}

TEST(ServerTest, MissThenSetThenHitCarriesAllThatWasStored) {
  RunningServer server;
  const v1::GetResponse miss = Get(server, RefOf('a'));
  ASSERT_TRUE(miss.has_miss());
  v1::SetRequest set = FullSet();
  set.set_fill_token(miss.miss().fill_token());
  const v1::SetResponse stored = Set(server, set);
  EXPECT_THAT(stored.stored_in(), ElementsAre(v1::TIER_MEMORY));

  const v1::GetResponse response = Get(server, RefOf('a'));
  ASSERT_TRUE(response.has_hit());
  const v1::Hit& hit = response.hit();
  EXPECT_EQ(hit.payload(), "the answer");
  EXPECT_EQ(hit.content_type(), "application/json");
  EXPECT_EQ(hit.origin().SerializeAsString(), set.origin().SerializeAsString());
  EXPECT_EQ(hit.expire_time().SerializeAsString(), stored.expire_time().SerializeAsString());
  EXPECT_EQ(hit.expire_time().seconds() - hit.create_time().seconds(), 60);
  EXPECT_EQ(hit.hit_count(), 1);
  EXPECT_EQ(hit.tier(), v1::TIER_MEMORY);
  EXPECT_FALSE(hit.degraded());
}

TEST(ServerTest, PayloadsComeBackByteForByteAtEverySize) {
  RunningServer server;
  for (size_t size : {0, 1, 511, 512, 513, 4096, 16'384, 100'000, 3 << 20}) {
    std::string payload(size, '\0');
    for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31 + i / 251);
    Set(server, SetOf(RefOf('p'), payload));
    const v1::GetResponse response = Get(server, RefOf('p'));
    ASSERT_TRUE(response.has_hit()) << size;
    EXPECT_TRUE(response.hit().payload() == payload) << size;
  }
}

TEST(ServerTest, KeyAndItsDigestNameTheSameEntry) {
  RunningServer server;
  v1::EntryRef by_key;
  by_key.mutable_key()->set_provider("openai");
  by_key.mutable_key()->set_messages_json(R"([{"role":"user","content":"hi"}])");
  Set(server, SetOf(by_key, "x"));
  by_key.mutable_key()->set_messages_json(R"( [ {"content" : "hi", "role":"user"} ] )");
  EXPECT_TRUE(Get(server, by_key).has_hit());
  by_key.mutable_key()->set_messages_json(R"([{"role":"user","content":"ho"}])");
  EXPECT_TRUE(Get(server, by_key).has_miss());
}

TEST(ServerTest, NamespacesAreApartAndEmptyIsDefault) {
  RunningServer server;
  Set(server, SetOf(RefOf('a'), "x"));
  EXPECT_TRUE(Get(server, RefOf('a', "default")).has_hit());
  EXPECT_TRUE(Get(server, RefOf('a', "other")).has_miss());
}

TEST(ServerTest, SetWithTokenFromBeforeAnInvalidateIsRefused) {
  RunningServer server;
  v1::SetRequest set = SetOf(RefOf('a'), "late");
  set.set_fill_token(Get(server, RefOf('a')).miss().fill_token());
  v1::InvalidateRequest invalidate;
  invalidate.set_digest(std::string(32, 'a'));
  v1::InvalidateResponse invalidated;
  ASSERT_TRUE(server.cache().Invalidate(Patient().get(), invalidate, &invalidated).ok());
  v1::SetResponse response;
  const grpc::Status status = server.cache().Set(Patient().get(), set, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_NE(status.error_details().find("STALE_FILL_TOKEN"), std::string::npos);
  EXPECT_TRUE(Get(server, RefOf('a')).has_miss());
}

TEST(ServerTest, BatchesAnswerEachEntryInOrderAndFailOnlyTheBadOne) {
  RunningServer server;
  v1::BatchSetRequest sets;
  *sets.add_entries() = SetOf(RefOf('a'), "A");
  *sets.add_entries() = SetOf(RefOf('b'), "B");
  sets.mutable_entries(1)->mutable_ttl()->set_seconds(-1);
  *sets.add_entries() = SetOf(RefOf('c'), std::string(2000, 'C'));
  v1::BatchSetResponse stored;
  ASSERT_TRUE(server.cache().BatchSet(Patient().get(), sets, &stored).ok());
  ASSERT_EQ(stored.results_size(), 3);
  EXPECT_TRUE(stored.results(0).has_stored());
  EXPECT_EQ(stored.results(1).error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(stored.results(1).error().message(), "entries[1].ttl: must be a positive duration");
  EXPECT_EQ(stored.results(1).error().reason(), "INVALID_FIELD");
  EXPECT_TRUE(stored.results(2).has_stored());

  v1::BatchGetRequest gets;
  for (char c : {'c', 'b', 'a'}) *gets.add_entries() = RefOf(c);
  gets.add_entries()->set_digest("short");
  v1::BatchGetResponse found;
  ASSERT_TRUE(server.cache().BatchGet(Patient().get(), gets, &found).ok());
  ASSERT_EQ(found.results_size(), 4);
  EXPECT_EQ(found.results(0).hit().payload(), std::string(2000, 'C'));
  EXPECT_TRUE(found.results(1).has_miss());
  EXPECT_EQ(found.results(2).hit().payload(), "A");
  EXPECT_EQ(found.results(3).error().message(), "entries[3].digest: is 5 bytes; exactly 32 are accepted");
}

TEST(ServerTest, EmptyBatchesAreAnswered) {
  RunningServer server;
  v1::BatchGetResponse got;
  EXPECT_TRUE(server.cache().BatchGet(Patient().get(), v1::BatchGetRequest(), &got).ok());
  EXPECT_EQ(got.results_size(), 0);
  v1::BatchSetResponse set;
  EXPECT_TRUE(server.cache().BatchSet(Patient().get(), v1::BatchSetRequest(), &set).ok());
  EXPECT_EQ(set.results_size(), 0);
}

TEST(ServerTest, BatchTakes256EntriesAndNoMore) {
  RunningServer server;
  v1::BatchGetRequest request;
  for (int i = 0; i < 256; ++i) *request.add_entries() = RefOf(static_cast<char>(i));
  v1::BatchGetResponse response;
  EXPECT_TRUE(server.cache().BatchGet(Patient().get(), request, &response).ok());
  EXPECT_EQ(response.results_size(), 256);
  *request.add_entries() = RefOf('z');
  const grpc::Status status = server.cache().BatchGet(Patient().get(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "entries: has 257 entries; at most 256 are accepted");
}

TEST(ServerTest, BatchBeyondTheResponseLimitSaysTooLargeAndFitsTheDefaultReceiveLimit) {
  RunningServer server;
  for (char c : {'a', 'b', 'c'}) Set(server, SetOf(RefOf(c), std::string(1'500'000, c)));
  v1::BatchGetRequest request;
  for (char c : {'a', 'b', 'c', 'd'}) *request.add_entries() = RefOf(c);
  v1::BatchGetResponse response;
  const auto plain_stub =
      v1::CacheService::NewStub(grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials()));
  ASSERT_TRUE(plain_stub->BatchGet(Patient().get(), request, &response).ok());
  EXPECT_TRUE(response.results(0).has_hit());
  EXPECT_TRUE(response.results(1).has_hit());
  EXPECT_EQ(response.results(2).too_large().payload_bytes(), 1'500'000);
  EXPECT_TRUE(response.results(3).has_miss());
}

TEST(ServerTest, ClearForgetsOneNamespaceAndTellsHowMany) {
  RunningServer server;
  Set(server, SetOf(RefOf('a'), "x"));
  Set(server, SetOf(RefOf('b'), "x"));
  Set(server, SetOf(RefOf('a', "other"), "x"));
  v1::ClearResponse response;
  ASSERT_TRUE(server.cache().Clear(Patient().get(), v1::ClearRequest(), &response).ok());
  EXPECT_EQ(response.removed_count(), 2);
  EXPECT_TRUE(Get(server, RefOf('a')).has_miss());
  EXPECT_TRUE(Get(server, RefOf('a', "other")).has_hit());
}

TEST(ServerTest, DryRunCountsAndKeeps) {
  RunningServer server;
  v1::SetRequest set = SetOf(RefOf('a'), "x");
  set.add_tags("t");
  Set(server, set);
  v1::InvalidateRequest request;
  request.set_tag("t");
  request.set_dry_run(true);
  v1::InvalidateResponse response;
  ASSERT_TRUE(server.cache().Invalidate(Patient().get(), request, &response).ok());
  EXPECT_EQ(response.removed_count(), 1);
  EXPECT_TRUE(Get(server, RefOf('a')).has_hit());
}

TEST(ServerTest, StatsAddUpWhatTheCallsDid) {
  RunningServer server;
  Get(server, RefOf('a'));
  Set(server, FullSet());
  Get(server, RefOf('a'));
  v1::BatchGetRequest batch;
  *batch.add_entries() = RefOf('a');
  *batch.add_entries() = RefOf('b');
  v1::BatchGetResponse found;
  ASSERT_TRUE(server.cache().BatchGet(Patient().get(), batch, &found).ok());

  v1::GetStatsResponse stats;
  ASSERT_TRUE(server.admin().GetStats(Patient().get(), {}, &stats).ok());
  const v1::Stats& total = stats.total();
  EXPECT_EQ(total.hits(), 2);
  EXPECT_EQ(total.misses(), 2);
  EXPECT_EQ(total.sets(), 1);
  EXPECT_EQ(total.hit_rate(), 0.5);
  EXPECT_EQ(total.cached_tokens(), 240);
  EXPECT_EQ(total.uncached_tokens(), 120);
  EXPECT_EQ(total.saved_cost_usd(), 0.5);
  EXPECT_EQ(total.average_uncached_time().seconds(), 2);
  EXPECT_GT(total.speedup(), 1);
  EXPECT_EQ(total.entries(), 1);
  EXPECT_EQ(total.max_entries(), 1000);
  EXPECT_EQ(total.utilization(), 0.001);
  EXPECT_EQ(stats.backend(), "memory");
  EXPECT_TRUE(stats.enabled());
  ASSERT_EQ(stats.by_model_size(), 1);
  EXPECT_EQ(stats.by_model(0).namespace_(), "default");
  EXPECT_EQ(stats.by_model(0).model(), "model-1");

  v1::ResetStatsResponse reset;
  ASSERT_TRUE(server.admin().ResetStats(Patient().get(), {}, &reset).ok());
  stats.Clear();
  ASSERT_TRUE(server.admin().GetStats(Patient().get(), {}, &stats).ok());
  EXPECT_EQ(stats.total().hits(), 0);
  EXPECT_FALSE(stats.total().has_hit_rate());
  EXPECT_FALSE(stats.total().has_average_cached_time());
  EXPECT_FALSE(stats.total().has_speedup());
  EXPECT_EQ(stats.total().entries(), 1);
}

TEST(ServerTest, ConfigTellsEverySettingWithItsSourceAndMasksSecrets) {
  RunningServer server(Overrides{{"MAX_SIZE", "7"}, {"REDIS_URL", "redis://:hunter2@db:6379"}});
  v1::GetConfigResponse config;
  ASSERT_TRUE(server.admin().GetConfig(Patient().get(), {}, &config).ok());
  EXPECT_EQ(config.settings_size(), static_cast<int>(SettingTable().size()));
  EXPECT_EQ(config.ShortDebugString().find("hunter2"), std::string::npos);
  for (const v1::Setting& setting : config.settings()) {
    if (setting.name() == "PARACLE_CACHE_MAX_SIZE") {
      EXPECT_EQ(setting.value(), "7");
      EXPECT_EQ(setting.source(), v1::Setting::SOURCE_FLAG);
    } else if (setting.name() == "PARACLE_CACHE_REDIS_URL") {
      EXPECT_EQ(setting.value(), "***");
    } else if (setting.name() == "PARACLE_CACHE_TTL") {
      EXPECT_EQ(setting.value(), "3600");
      EXPECT_EQ(setting.source(), v1::Setting::SOURCE_DEFAULT);
    }
  }
  EXPECT_EQ(config.limits().max_entry_bytes(), 3 << 20);
  EXPECT_EQ(config.limits().max_message_bytes(), 4 << 20);
  EXPECT_EQ(config.limits().max_batch_entries(), 256);
  EXPECT_EQ(config.limits().default_ttl().seconds(), 3600);
  EXPECT_EQ(config.limits().max_ttl().seconds(), 30 * 86400);
  EXPECT_THAT(config.features(), testing::ElementsAre("leases", "streams"));
  EXPECT_FALSE(config.version().empty());
}

TEST(ServerTest, SwitchedOffEveryGetMissesAndSetsAreDropped) {
  RunningServer server(Overrides{{"ENABLED", "false"}});
  const v1::SetResponse stored = Set(server, SetOf(RefOf('a'), "x"));
  EXPECT_EQ(stored.stored_in_size(), 0);
  EXPECT_FALSE(stored.has_expire_time());
  EXPECT_TRUE(Get(server, RefOf('a')).has_miss());
  v1::GetStatsResponse stats;
  ASSERT_TRUE(server.admin().GetStats(Patient().get(), {}, &stats).ok());
  EXPECT_FALSE(stats.enabled());
  EXPECT_EQ(stats.total().misses(), 1);
}

}  // namespace
}  // namespace paracle::service
