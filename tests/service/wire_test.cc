// The hand-written wire code against protobuf's own.
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtest/gtest.h"
#include "paracle/cache/v1/cache.pb.h"
#include "service/request_splitter.h"
#include "service/timestamps.h"
#include "service/wire_cursor.h"
#include "service/wire_writer.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;
using ::testing::ElementsAre;

// The text cut into pieces of `step` bytes.
std::vector<absl::string_view> Cut(absl::string_view text, size_t step) {
  std::vector<absl::string_view> pieces;
  for (size_t at = 0; at < text.size(); at += step) pieces.push_back(text.substr(at, step));
  return pieces;
}

std::string Join(const std::vector<absl::string_view>& pieces) {
  std::string out;
  for (absl::string_view piece : pieces) out.append(piece.data(), piece.size());
  return out;
}

v1::SetRequest SampleSet(size_t payload_size) {
  v1::SetRequest request;
  request.mutable_entry()->set_digest(std::string(32, 'd'));
  request.set_content_type("text/plain");
  request.mutable_ttl()->set_seconds(1);
  request.add_tags("one");
  request.add_tags("two");
  request.mutable_origin()->set_cost_usd(0.1);
  request.set_payload(std::string(payload_size, 'p'));
  return request;
}

TEST(WireWriterTest, TimesAreWrittenAsProtobufWritesThem) {
  for (absl::Duration d : {absl::ZeroDuration(), absl::Nanoseconds(1), absl::Milliseconds(1500), absl::Seconds(7),
                           absl::Hours(24 * 365), -absl::Milliseconds(1500)}) {
    std::string by_hand;
    WireWriter(&by_hand).Duration(4, d);
    v1::Origin origin;
    ToProto(d, origin.mutable_latency());
    EXPECT_EQ(by_hand, origin.SerializeAsString()) << d;
  }
  for (absl::Time t : {absl::UnixEpoch(), absl::FromUnixNanos(1'790'000'000'123'456'789), absl::FromUnixMillis(-1)}) {
    std::string by_hand;
    WireWriter(&by_hand).Timestamp(2, t);
    v1::Hit hit;
    ToProto(t, hit.mutable_create_time());
    EXPECT_EQ(by_hand, hit.SerializeAsString()) << t;
  }
}

TEST(WireWriterTest, VarintSizesAreThoseThatAreWritten) {
  for (uint64_t value : {uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16383}, uint64_t{16384},
                         std::numeric_limits<uint64_t>::max()}) {
    std::string out;
    WireWriter(&out).Varint(1, value);
    EXPECT_EQ(static_cast<int>(out.size()) - 1, VarintSize(value)) << value;
  }
}

TEST(SplitPayloadTest, FindsThePayloadAndKeepsTheRestWhateverThePieces) {
  for (size_t size : {0, 1, 100, 5000}) {
    v1::SetRequest request = SampleSet(size);
    const std::string bytes = request.SerializeAsString();
    for (size_t step : {size_t{1}, size_t{3}, size_t{1000}, bytes.size()}) {
      SplitSetRequest split;
      const auto pieces = Cut(bytes, step);
      ASSERT_TRUE(SplitPayload(WireCursor(pieces), &split));
      EXPECT_EQ(split.payload_size, size);
      EXPECT_EQ(Join(split.payload), request.payload());
      v1::SetRequest rest = request;
      rest.clear_payload();
      EXPECT_EQ(split.rest, rest.SerializeAsString());
    }
  }
}

TEST(SplitPayloadTest, FieldFifteenInsideOtherMessagesIsNotThePayload) {
  // An unknown group and an unknown message, each with a field 15 in it.
  const std::string group = std::string("\xfb\x07\x7a\x01x\xfc\x07", 7);
  const std::string nested = std::string("\xfa\x07\x03\x7a\x01x", 6);
  SplitSetRequest split;
  const std::string bytes = group + nested;
  const auto pieces = Cut(bytes, bytes.size());
  ASSERT_TRUE(SplitPayload(WireCursor(pieces), &split));
  EXPECT_EQ(split.payload_size, 0u);
  EXPECT_EQ(split.rest, bytes);
}

TEST(SplitPayloadTest, EveryTruncationIsRefusedOrParsesAsProtobufParsesIt) {
  const std::string bytes = SampleSet(40).SerializeAsString();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const absl::string_view cut = absl::string_view(bytes).substr(0, size);
    const auto pieces = Cut(cut, 5);
    SplitSetRequest split;
    v1::SetRequest rest;
    const bool ours = SplitPayload(WireCursor(pieces), &split) && rest.ParseFromString(split.rest);
    v1::SetRequest whole;
    const bool theirs = whole.ParseFromArray(cut.data(), static_cast<int>(cut.size()));
    ASSERT_EQ(ours, theirs) << size;
    if (!ours) continue;
    rest.set_payload(Join(split.payload));
    EXPECT_EQ(rest.SerializeAsString(), whole.SerializeAsString());
  }
}

TEST(SplitPayloadTest, EveryFlippedByteIsRefusedOrParsesAsProtobufParsesIt) {
  const std::string good = SampleSet(20).SerializeAsString();
  for (size_t at = 0; at < good.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      const auto pieces = Cut(bytes, 7);
      SplitSetRequest split;
      v1::SetRequest rest;
      const bool ours = SplitPayload(WireCursor(pieces), &split) && rest.ParseFromString(split.rest);
      v1::SetRequest whole;
      const bool theirs = whole.ParseFromString(bytes);
      ASSERT_EQ(ours, theirs) << "byte " << at << " flipped by " << flip;
      if (ours) {
        EXPECT_EQ(Join(split.payload), whole.payload());
      }
    }
  }
}

TEST(SplitBatchTest, FindsEveryElementWhateverThePieces) {
  v1::BatchSetRequest request;
  for (size_t size : {0, 10, 2000}) *request.add_entries() = SampleSet(size);
  const std::string bytes = request.SerializeAsString();
  for (size_t step : {size_t{1}, size_t{100}, bytes.size()}) {
    const auto pieces = Cut(bytes, step);
    BatchElements batch;
    ASSERT_TRUE(SplitBatch(WireCursor(pieces), 256, &batch));
    ASSERT_EQ(batch.count, 3u);
    for (int i = 0; i < 3; ++i) {
      std::string element;
      batch.elements[i].CopyTo(batch.elements[i].remaining(), &element);
      EXPECT_EQ(element, request.entries(i).SerializeAsString());
    }
  }
}

TEST(SplitBatchTest, CountsBeyondTheLimitWithoutCollecting) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += std::string("\x0a\x00", 2);
  const auto pieces = Cut(bytes, 64);
  BatchElements batch;
  ASSERT_TRUE(SplitBatch(WireCursor(pieces), 256, &batch));
  EXPECT_EQ(batch.count, 1000u);
  EXPECT_EQ(batch.elements.size(), 256u);
}

TEST(SplitPayloadTest, ALengthOfMoreThanFiveBytesIsRefusedAsProtobufRefusesIt) {
  const std::string tag = "\x7a", five("\x80\x80\x80\x80\x00", 5), six("\x80\x80\x80\x80\x80\x00", 6);
  for (const auto& [bytes, accepted] : {std::pair(tag + five, true), std::pair(tag + six, false)}) {
    const auto pieces = Cut(bytes, 1);
    SplitSetRequest split;
    EXPECT_EQ(SplitPayload(WireCursor(pieces), &split), accepted);
    EXPECT_EQ(v1::SetRequest().ParseFromString(bytes), accepted);
  }
}

TEST(WireCursorTest, LengthBeyondTheEndIsRefused) {
  const std::string bytes =
      "\x05"
      "abc";
  const auto pieces = Cut(bytes, 2);
  WireCursor cursor(pieces);
  size_t size;
  EXPECT_FALSE(cursor.ReadLength(&size));
}

}  // namespace
}  // namespace paracle::service
