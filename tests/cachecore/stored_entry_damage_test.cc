// Whatever was cut, changed, announced or written by another version is refused, and costs nothing.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/stored_entry.h"
#include "gtest/gtest.h"
#include "tests/cachecore/stored_entry_bytes.h"

namespace paracle::cachecore {
namespace {

// The last 48 bytes of the head, in order.
size_t EpochAt(absl::string_view bytes) { return CodecAt(bytes) - 56; }
size_t CreatedAt(absl::string_view bytes) { return CodecAt(bytes) - 40; }
size_t ExpiresAt(absl::string_view bytes) { return CodecAt(bytes) - 32; }
size_t CostAt(absl::string_view bytes) { return CodecAt(bytes) - 16; }
size_t LatencyAt(absl::string_view bytes) { return CodecAt(bytes) - 8; }

std::string WithNumber(std::string bytes, size_t at, uint64_t number) {
  for (int i = 0; i < 8; ++i) bytes[at + i] = static_cast<char>(number >> (8 * i));
  return Sealed(std::move(bytes));
}

// An entry by hand: everything up to the codec is right.
std::string EntryWith(uint8_t codec, absl::string_view size_varint, absl::string_view stored) {
  std::string bytes = Encode({});
  bytes.resize(CodecAt(bytes));
  bytes.push_back(static_cast<char>(codec));
  absl::StrAppend(&bytes, size_varint, stored, "checksum");
  return Sealed(bytes);
}

TEST(StoredEntryDamageTest, EveryTruncationIsRefused) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_EQ(CodeOf(absl::string_view(bytes).substr(0, size)), absl::StatusCode::kDataLoss) << size;
    }
  }
}

TEST(StoredEntryDamageTest, EveryTruncationIsRefusedWhateverTheChecksumSays) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    for (size_t size = 8; size < bytes.size(); ++size) {
      ASSERT_NE(CodeOf(Sealed(bytes.substr(0, size))), absl::StatusCode::kOk) << size;
    }
  }
}

TEST(StoredEntryDamageTest, AnyChangedByteIsRefused) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        const absl::StatusCode code = CodeOf(damaged);
        const bool about_format = at == kFormatAt || at == kFlagsAt || at == kEncryptionHeaderAt;
        ASSERT_EQ(code, about_format ? absl::StatusCode::kUnimplemented : absl::StatusCode::kDataLoss) << at;
      }
    }
  }
}

// Somebody who writes a matching checksum can write anything; it must not crash us.
TEST(StoredEntryDamageTest, AChangedByteUnderAMatchingChecksumIsHarmless) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    for (size_t at = 0; at + 8 < bytes.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(value);
        const std::string sealed = Sealed(damaged);
        const auto entry = DecodeStoredEntry(sealed);
        if (!entry.ok()) continue;
        ASSERT_GE(entry->head.origin.cost_usd, 0);
        ASSERT_TRUE(std::isfinite(entry->head.origin.cost_usd));
        ASSERT_FALSE(entry->head.ns.empty());
        ASSERT_LE(entry->head.create_time, entry->head.expire_time);
      }
    }
  }
}

TEST(StoredEntryDamageTest, TrailingBytesAreDamage) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    EXPECT_EQ(CodeOf(bytes + "x"), absl::StatusCode::kDataLoss);
    std::string longer = bytes;
    longer.insert(longer.size() - 8, "x");
    EXPECT_EQ(CodeOf(Sealed(longer)), absl::StatusCode::kDataLoss);
    EXPECT_EQ(CodeOf(bytes + bytes), absl::StatusCode::kDataLoss);
  }
}

TEST(StoredEntryDamageTest, AByteBehindTheFieldsOfTheHeadIsDamage) {
  std::string bytes = Encode({});
  ASSERT_EQ(HeadBegin(bytes), 8u);
  bytes.insert(CodecAt(bytes), "x");
  ++bytes[kHeadSizeAt];
  EXPECT_EQ(CodeOf(Sealed(bytes)), absl::StatusCode::kDataLoss);
}

TEST(StoredEntryDamageTest, WhatLaterVersionsMayWriteIsUnimplemented) {
  const std::string bytes = Encode(FullAnswer());
  const auto changed = [&bytes](size_t at, char value) {
    std::string other = bytes;
    other[at] = value;
    return other;
  };
  EXPECT_EQ(CodeOf(changed(kFormatAt, 2)), absl::StatusCode::kUnimplemented) << "whatever its checksum is";
  EXPECT_EQ(CodeOf(Sealed(changed(kFormatAt, 2))), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(CodeOf(Sealed(changed(kFlagsAt, 1))), absl::StatusCode::kUnimplemented) << "encrypted";
  EXPECT_EQ(CodeOf(Sealed(changed(kFlagsAt, 2))), absl::StatusCode::kUnimplemented) << "an unknown flag";
  EXPECT_EQ(CodeOf(Sealed(changed(CodecAt(bytes), 2))), absl::StatusCode::kUnimplemented) << "an unknown codec";
  std::string with_header = bytes;
  with_header[kEncryptionHeaderAt] = 3;
  with_header.insert(kEncryptionHeaderAt + 1, "key");
  EXPECT_EQ(CodeOf(Sealed(with_header)), absl::StatusCode::kUnimplemented) << "an encryption header";
  EXPECT_EQ(DecodeStoredHead(with_header).status().code(), absl::StatusCode::kUnimplemented);
}

TEST(StoredEntryDamageTest, OtherThingsInRedisAreDamage) {
  for (const absl::string_view thing : {"", "P", "PRCL", "hello", "{\"json\": true}", "PRCM\1\0\0"}) {
    EXPECT_EQ(CodeOf(thing), absl::StatusCode::kDataLoss) << thing;
  }
}

TEST(StoredEntryDamageTest, NumbersOutOfRangeAreDamage) {
  const std::string bytes = Encode(FullAnswer());
  ASSERT_EQ(CodeOf(WithNumber(bytes, EpochAt(bytes), ~uint64_t{0})), absl::StatusCode::kOk) << "any position is one";
  const auto number_of = [](double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
  };
  const std::pair<size_t, uint64_t> kBad[] = {
      {CreatedAt(bytes), ~uint64_t{0}},
      {CreatedAt(bytes), uint64_t{1} << 43},
      {CreatedAt(bytes), 0},  // Lives for more than 730 days.
      {ExpiresAt(bytes), 0},
      {ExpiresAt(bytes), ~uint64_t{0}},
      {CostAt(bytes), number_of(-1)},
      {CostAt(bytes), number_of(std::numeric_limits<double>::infinity())},
      {CostAt(bytes), number_of(std::numeric_limits<double>::quiet_NaN())},
      {LatencyAt(bytes), uint64_t{1} << 63},
      {LatencyAt(bytes), ~uint64_t{0}},
  };
  for (const auto& [at, number] : kBad) {
    EXPECT_EQ(CodeOf(WithNumber(bytes, at, number)), absl::StatusCode::kDataLoss) << at << " " << number;
  }
}

TEST(StoredEntryDamageTest, HugeAnnouncedSizesAreNotBelieved) {
  const absl::string_view size("\x80\x80\x80\x80\x80\x80\x80\x80\x40", 9);  // 2^62.
  // A frame that says the same in its own header, and has room for none of it.
  const absl::string_view frame("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\0\0\x40", 13);
  EXPECT_EQ(CodeOf(EntryWith(1, size, frame)), absl::StatusCode::kResourceExhausted);
  // Were it allocated, there would not be memory enough.
  const StoredEntryLimits any = {.max_payload = std::numeric_limits<size_t>::max()};
  EXPECT_EQ(CodeOf(EntryWith(1, size, frame), any), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EntryWith(0, size, frame), any), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", frame), any), absl::StatusCode::kDataLoss)
      << "what zstd says for `unknown`";
  EXPECT_EQ(CodeOf(EntryWith(0, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", frame), any), absl::StatusCode::kDataLoss)
      << "more than 64 bits";
}

TEST(StoredEntryDamageTest, TwoFramesAreNotOne) {
  const std::string bytes = Encode({.payload = std::string(2000, 'a')});
  const std::string frame = bytes.substr(CodecAt(bytes) + 3, bytes.size() - 8 - CodecAt(bytes) - 3);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xd0\x0f", frame)), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xd0\x0f", frame + frame)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xa0\x1f", frame + frame)), absl::StatusCode::kDataLoss);
}

TEST(StoredEntryDamageTest, ASizeIsSpeltInOneWay) {
  EXPECT_EQ(CodeOf(EntryWith(0, "\x01", "a")), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(EntryWith(0, absl::string_view("\x81\x00", 2), "a")), absl::StatusCode::kDataLoss);
}

TEST(StoredEntryDamageTest, PayloadsOverTheLimitAreRefused) {
  const std::string plain = Encode({.payload = "12345"});
  EXPECT_EQ(CodeOf(plain, {.max_payload = 5}), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(plain, {.max_payload = 4}), absl::StatusCode::kResourceExhausted);
  const std::string compressed = Encode({.payload = Compressible(5000)});
  EXPECT_EQ(CodeOf(compressed, {.max_payload = 5000}), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(compressed, {.max_payload = 4999}), absl::StatusCode::kResourceExhausted);
}

TEST(StoredEntryDamageTest, ABeginningIsNeverTakenForAHead) {
  const std::string bytes = Encode(FullAnswer());
  for (size_t size = 0; size < CodecAt(bytes); ++size) {
    const std::vector<char> copy(bytes.begin(), bytes.begin() + size);
    ASSERT_EQ(DecodeStoredHead({copy.data(), copy.size()}).status().code(), absl::StatusCode::kOutOfRange) << size;
  }
  EXPECT_TRUE(DecodeStoredHead(absl::string_view(bytes).substr(0, CodecAt(bytes))).ok());
  EXPECT_EQ(DecodeStoredHead("PRCM").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeStoredHead(absl::string_view("PRCL\1\0\0\xff\xff\xff\x7f", 11)).status().code(),
            absl::StatusCode::kDataLoss)
      << "nobody waits for a head of 256 MB";
}

}  // namespace
}  // namespace paracle::cachecore
