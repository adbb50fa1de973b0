// What the generator writes and reads by hand, held against the generated messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "bench/load/answer_reader.h"
#include "bench/load/payloads.h"
#include "bench/load/request_writer.h"
#include "paracle/cache/v1/cache.pb.h"

namespace paracle::load {
namespace {

namespace v1 = paracle::cache::v1;

constexpr uint64_t kSeed = 9;

class RequestWriterTest : public testing::Test {
 protected:
  template <typename Message>
  static Message Unframe(const std::string& frame) {
    EXPECT_GE(frame.size(), 5u);
    EXPECT_EQ(frame[0], 0);
    size_t size = 0;
    for (int i = 1; i < 5; ++i) size = size << 8 | static_cast<unsigned char>(frame[i]);
    EXPECT_EQ(size, frame.size() - 5);
    Message message;
    EXPECT_TRUE(message.ParseFromString(frame.substr(5)));
    EXPECT_EQ(message.GetReflection()->GetUnknownFields(message).field_count(), 0);
    return message;
  }

  Payloads payloads_{ValueSizes::Range(0, 70'000), kSeed};
  RequestWriter writer_{"load-test/x", kSeed, absl::Seconds(90), &payloads_};
  std::string frame_;
};

TEST_F(RequestWriterTest, GetNamesTheEntryByDigest) {
  std::set<std::string> digests;
  for (uint64_t key : {0ULL, 1ULL, 2ULL, 1'000'000ULL, ~0ULL}) {
    writer_.Get(key, frame_);
    const auto request = Unframe<v1::GetRequest>(frame_);
    EXPECT_EQ(request.entry().namespace_(), "load-test/x");
    EXPECT_EQ(request.entry().digest().size(), 32u);
    EXPECT_FALSE(request.has_lease());
    digests.insert(request.entry().digest());
  }
  EXPECT_EQ(digests.size(), 5u);
}

TEST_F(RequestWriterTest, SetStoresThePayloadUnderTheDigestThatGetAsksFor) {
  for (uint64_t key = 0; key < 50; ++key) {
    writer_.Get(key, frame_);
    const std::string digest = Unframe<v1::GetRequest>(frame_).entry().digest();
    writer_.Set(key, frame_);
    const auto request = Unframe<v1::SetRequest>(frame_);
    EXPECT_EQ(request.entry().digest(), digest);
    EXPECT_EQ(request.ttl().seconds(), 90);
    EXPECT_TRUE(payloads_.Matches(key, request.payload())) << key;
  }
}

TEST_F(RequestWriterTest, BatchesHoldTheSingleRequests) {
  const std::vector<uint64_t> keys = {5, 3, 5, 77};
  writer_.BatchGet(keys, frame_);
  const auto gets = Unframe<v1::BatchGetRequest>(frame_);
  writer_.BatchSet(keys, frame_);
  const auto sets = Unframe<v1::BatchSetRequest>(frame_);
  ASSERT_EQ(gets.entries_size(), 4);
  ASSERT_EQ(sets.entries_size(), 4);
  for (int i = 0; i < 4; ++i) {
    writer_.Set(keys[static_cast<size_t>(i)], frame_);
    const auto single = Unframe<v1::SetRequest>(frame_);
    EXPECT_EQ(sets.entries(i).SerializeAsString(), single.SerializeAsString());
    EXPECT_EQ(gets.entries(i).digest(), single.entry().digest());
  }
}

TEST_F(RequestWriterTest, QuestionsAreFourKilobytesOfJsonAndDiffer) {
  writer_.GetQuestion(12, frame_);
  const auto get = Unframe<v1::GetRequest>(frame_);
  EXPECT_EQ(get.entry().key().messages_json().size(), 4096u);
  writer_.SetQuestion(12, "token", frame_);
  const auto set = Unframe<v1::SetRequest>(frame_);
  EXPECT_EQ(set.entry().SerializeAsString(), get.entry().SerializeAsString());
  EXPECT_EQ(set.fill_token(), "token");
  EXPECT_TRUE(payloads_.Matches(12, set.payload()));
  writer_.GetQuestion(13, frame_);
  EXPECT_NE(Unframe<v1::GetRequest>(frame_).entry().key().messages_json(), get.entry().key().messages_json());
}

TEST(PayloadsTest, OnlyTheWholePayloadOfItsOwnKeyMatches) {
  for (int64_t size : {0, 1, 23, 24, 25, 4096}) {
    const Payloads payloads(ValueSizes::Fixed(size), kSeed);
    std::string payload;
    payloads.AppendTo(payload, 4);
    ASSERT_EQ(payload.size(), static_cast<size_t>(size));
    EXPECT_TRUE(payloads.Matches(4, payload)) << size;
    EXPECT_FALSE(payloads.Matches(4, payload + "x")) << size;
    if (size == 0) continue;
    EXPECT_FALSE(payloads.Matches(4, payload.substr(1))) << size;
    payload.back() = static_cast<char>(payload.back() ^ 1);
    EXPECT_FALSE(payloads.Matches(4, payload)) << size;
  }
}

TEST(PayloadsTest, AnotherKeysPayloadDoesNotMatch) {
  const Payloads payloads(ValueSizes::Fixed(100), kSeed);
  std::string payload;
  payloads.AppendTo(payload, 4);
  for (uint64_t key : {0ULL, 5ULL, 4ULL << 32}) EXPECT_FALSE(payloads.Matches(key, payload)) << key;
}

v1::GetResponse SomeHit(const std::string& payload) {
  v1::GetResponse response;
  v1::Hit* hit = response.mutable_hit();
  hit->mutable_origin()->set_cost_usd(0.25);
  hit->mutable_create_time()->set_seconds(1'800'000'000);
  hit->set_hit_count(1 << 20);
  hit->set_tier(v1::TIER_MEMORY);
  hit->set_content_type("application/json");
  hit->set_degraded(true);
  hit->set_payload(payload);
  return response;
}

TEST(AnswerReaderTest, ReadsEveryOutcomeOfGet) {
  const std::string hit = SomeHit(std::string(5000, 'p')).SerializeAsString();
  EXPECT_EQ(ReadGetResponse(hit)->kind, LookupAnswer::Kind::kHit);
  EXPECT_EQ(ReadGetResponse(hit)->payload, std::string(5000, 'p'));

  v1::GetResponse miss;
  miss.mutable_miss()->set_fill_token("fill");
  const std::string miss_bytes = miss.SerializeAsString();
  EXPECT_EQ(ReadGetResponse(miss_bytes)->kind, LookupAnswer::Kind::kMiss);
  EXPECT_EQ(ReadGetResponse(miss_bytes)->fill_token, "fill");

  v1::GetResponse pending;
  pending.mutable_pending();
  EXPECT_EQ(ReadGetResponse(pending.SerializeAsString())->kind, LookupAnswer::Kind::kOther);
  EXPECT_EQ(ReadGetResponse("")->kind, LookupAnswer::Kind::kOther);
}

TEST(AnswerReaderTest, ReadsBatchesInOrder) {
  v1::BatchGetResponse response;
  *response.add_results()->mutable_hit() = SomeHit("one").hit();
  response.add_results()->mutable_miss();
  response.add_results()->mutable_too_large()->set_payload_bytes(7);
  response.add_results()->mutable_error()->set_code(3);
  const std::string bytes = response.SerializeAsString();
  std::vector<LookupAnswer> answers;
  ASSERT_TRUE(ReadBatchGetResponse(bytes, answers));
  ASSERT_EQ(answers.size(), 4u);
  EXPECT_EQ(answers[0].payload, "one");
  EXPECT_EQ(answers[1].kind, LookupAnswer::Kind::kMiss);
  EXPECT_EQ(answers[2].kind, LookupAnswer::Kind::kOther);
  EXPECT_EQ(answers[3].kind, LookupAnswer::Kind::kOther);
}

TEST(AnswerReaderTest, ACutMessageIsMalformedAndNeverReadPastItsEnd) {
  const std::string whole = SomeHit("payload").SerializeAsString();
  for (size_t size = 1; size < whole.size(); ++size) {
    // A copy of exactly this size, so that a sanitizer sees the first byte too many.
    const std::string cut(whole.data(), size);
    EXPECT_FALSE(ReadGetResponse(cut).has_value()) << size;
  }
  for (const char* garbage :
       {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x0a\xff\xff\xff\xff\x0f", "\x0b", "\x0f"}) {
    EXPECT_FALSE(ReadGetResponse(garbage).has_value());
  }
}

}  // namespace
}  // namespace paracle::load
