#include "service/hit_encoder.h"

#include <string>

#include "cachecore/label_table.h"
#include "cachecore/stats_ledger.h"
#include "gtest/gtest.h"
#include "paracle/cache/v1/cache.pb.h"
#include "service/timestamps.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using cachecore::Clock;
using cachecore::Entry;
using cachecore::EntryHandle;
using cachecore::Hit;
using cachecore::Origin;

EntryHandle MakeEntry(absl::string_view payload, const Origin& origin = {}, absl::string_view content_type = "") {
  cachecore::LabelTable labels(nullptr);
  cachecore::EntrySpec spec;
  spec.id.ns = "default";
  spec.model = "m";
  spec.content_type = content_type;
  spec.payload = absl::MakeConstSpan(&payload, 1);
  spec.origin = origin;
  spec.ttl = absl::Seconds(90);
  return Entry::Create(spec, {1, 2}, labels, *Clock::System());
}

// What the response says, as protobuf itself would build it.
v1::Hit ProtoOf(const Hit& hit) {
  v1::Hit proto;
  const Origin origin = hit.entry->origin();
  if (origin.prompt_tokens != 0) proto.mutable_origin()->set_prompt_tokens(origin.prompt_tokens);
  if (origin.completion_tokens != 0) proto.mutable_origin()->set_completion_tokens(origin.completion_tokens);
  if (origin.cost_usd != 0) proto.mutable_origin()->set_cost_usd(origin.cost_usd);
  if (origin.latency != absl::ZeroDuration()) ToProto(origin.latency, proto.mutable_origin()->mutable_latency());
  ToProto(hit.entry->create_time(), proto.mutable_create_time());
  ToProto(hit.entry->expire_time(), proto.mutable_expire_time());
  proto.set_hit_count(hit.hit_count);
  proto.set_tier(hit.tier == cachecore::Tier::kShared ? v1::TIER_SHARED : v1::TIER_MEMORY);
  proto.set_content_type(std::string(hit.entry->content_type()));
  proto.set_degraded(hit.degraded);
  proto.set_payload(std::string(hit.entry->payload()));
  return proto;
}

std::string TextOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  EXPECT_TRUE(buffer.DumpToSingleSlice(&slice).ok());
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

Origin FullOrigin() { return {4'000'000'000u, 7, 1e-6, absl::Milliseconds(1250)}; }

TEST(EncodeHitTest, BytesAreThoseOfProtobuf) {
  const Origin origins[] = {{}, FullOrigin(), {1, 0, 0, {}}, {0, 0, 0.5, {}}, {0, 0, 0, absl::Seconds(3)}};
  for (const Origin& origin : origins) {
    for (size_t size : {size_t{0}, size_t{1}, kInlinePayloadBytes, kInlinePayloadBytes + 1, size_t{100'000}}) {
      for (const char* content_type : {"", "application/json"}) {
        for (const bool degraded : {false, true}) {
          const Hit hit = {MakeEntry(std::string(size, 'p'), origin, content_type), 300,
                           degraded ? cachecore::Tier::kShared : cachecore::Tier::kMemory, degraded};
          v1::GetResponse expected;
          *expected.mutable_hit() = ProtoOf(hit);
          EXPECT_EQ(TextOf(EncodeHit(hit)), expected.SerializeAsString()) << size << content_type << degraded;
        }
      }
    }
  }
}

TEST(EncodeHitTest, LargePayloadIsTheStoredOneAndOutlivesTheCache) {
  EntryHandle entry = MakeEntry(std::string(10'000, 'p'));
  const char* const stored = entry->payload().data();
  grpc::ByteBuffer response = EncodeHit({std::move(entry), 1, cachecore::Tier::kMemory, false});
  std::vector<grpc::Slice> slices;
  ASSERT_TRUE(response.Dump(&slices).ok());
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(reinterpret_cast<const char*>(slices[1].begin()), stored);
  response.Clear();
  // Only the slices hold the entry now; a sanitizer would see it gone.
  EXPECT_EQ(slices[1].size(), 10'000u);
  EXPECT_EQ(*slices[1].begin(), 'p');
}

TEST(EncodeMissTest, BytesAreThoseOfProtobuf) {
  v1::GetResponse expected;
  expected.mutable_miss()->set_fill_token(cachecore::FillToken{5, 6}.Encode());
  EXPECT_EQ(TextOf(EncodeMiss({{5, 6}})), expected.SerializeAsString());
}

TEST(BatchGetEncoderTest, BytesAreThoseOfProtobuf) {
  const Hit small = {MakeEntry("small", FullOrigin()), 1, cachecore::Tier::kMemory, false};
  const Hit large = {MakeEntry(std::string(200'000, 'l')), 2, cachecore::Tier::kMemory, false};
  const Hit too_large = {MakeEntry(std::string(3'400'000, 't')), 3, cachecore::Tier::kMemory, false};
  v1::BatchGetResponse expected;
  BatchGetEncoder encoder;
  for (const Hit& hit : {small, large, small}) {
    *expected.add_results()->mutable_hit() = ProtoOf(hit);
    EXPECT_TRUE(encoder.AddHit(hit));
  }
  expected.add_results()->mutable_too_large()->set_payload_bytes(3'400'000);
  EXPECT_FALSE(encoder.AddHit(too_large));
  expected.add_results()->mutable_miss()->set_fill_token(cachecore::FillToken{1, 1}.Encode());
  encoder.AddMiss({{1, 1}});
  v1::ItemError* error = expected.add_results()->mutable_error();
  error->set_code(3);
  error->set_message("why");
  error->set_reason("WHY");
  encoder.AddError(3, "why", "WHY");
  EXPECT_EQ(TextOf(encoder.Finish()), expected.SerializeAsString());
}

TEST(BatchGetEncoderTest, EmptyBatchIsAValidBuffer) {
  BatchGetEncoder encoder;
  const grpc::ByteBuffer response = encoder.Finish();
  EXPECT_TRUE(response.Valid());
  EXPECT_EQ(response.Length(), 0u);
}

TEST(BatchGetEncoderTest, ResponseStaysBelowTheLimitToTheByte) {
  BatchGetEncoder encoder;
  while (encoder.AddHit({MakeEntry(std::string(50'000, 'x')), 1, cachecore::Tier::kMemory, false})) continue;
  const size_t size = encoder.Finish().Length();
  EXPECT_LE(size, BatchGetEncoder::kMaxResponseBytes);
  EXPECT_GT(size, BatchGetEncoder::kMaxResponseBytes - 51'000);
}

}  // namespace
}  // namespace paracle::service
