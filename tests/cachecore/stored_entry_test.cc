#include "cachecore/stored_entry.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/support/answer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace paracle::cachecore {
namespace {

const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);
constexpr MarkTable::Position kBegun = {.epoch = 0x1122334455667788, .number = 42};

Answer FullAnswer() {
  return {.ns = "team-a",
          .question = 7,
          .tags = {"", "one", std::string("t\0o", 3)},
          .origin = {.prompt_tokens = 4'000'000'000,
                     .completion_tokens = 5,
                     .cost_usd = 0.012345,
                     .latency = absl::Nanoseconds(1'234'567'891)}};
}

std::string Encode(const Answer& answer, const StoredEntryLimits& limits = {}) {
  const absl::string_view payload = answer.payload;
  return EncodeStoredEntry(answer.Spec({&payload, 1}), kBegun, kNow, limits);
}

std::string Compressible(size_t size) {
  std::string text;
  while (text.size() < size) absl::StrAppend(&text, "{\"content\": \"line ", text.size(), "\"}, ");
  return text.substr(0, size);
}

std::string Incompressible(size_t size) {
  std::mt19937_64 random(size);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// A checksum that matches, so that what stands before is judged for itself.
std::string Sealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  const uint64_t checksum = XXH64(bytes.data(), bytes.size(), 0);
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(checksum >> (8 * i)));
  return bytes;
}

// Where things stand in an entry whose head is shorter than 128 bytes + 128.
constexpr size_t kFormatAt = 4, kFlagsAt = 5, kEncryptionHeaderAt = 6, kHeadSizeAt = 7;
size_t HeadBegin(absl::string_view bytes) { return static_cast<uint8_t>(bytes[kHeadSizeAt]) < 0x80 ? 8 : 9; }
size_t HeadSize(absl::string_view bytes) {
  const size_t low = static_cast<uint8_t>(bytes[kHeadSizeAt]);
  return low < 0x80 ? low : (low & 0x7f) + 128 * static_cast<uint8_t>(bytes[kHeadSizeAt + 1]);
}
size_t CodecAt(absl::string_view bytes) { return HeadBegin(bytes) + HeadSize(bytes); }
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

absl::StatusCode CodeOf(absl::string_view bytes, const StoredEntryLimits& limits = {}) {
  // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return DecodeStoredEntry({copy.data(), copy.size()}, limits).status().code();
}

void ExpectHead(const StoredHead& head, const Answer& answer) {
  EXPECT_EQ(head.digest, DigestOfQuestion(answer.question));
  EXPECT_EQ(head.ns, answer.ns);
  EXPECT_EQ(head.provider, answer.provider);
  EXPECT_EQ(head.model, answer.model);
  EXPECT_EQ(head.content_type, answer.content_type);
  EXPECT_EQ(head.tags, answer.tags);
  EXPECT_EQ(head.begun.epoch, kBegun.epoch);
  EXPECT_EQ(head.begun.number, kBegun.number);
  EXPECT_EQ(head.create_time, kNow);
  EXPECT_EQ(head.expire_time, kNow + answer.ttl);
  EXPECT_EQ(head.origin.prompt_tokens, answer.origin.prompt_tokens);
  EXPECT_EQ(head.origin.completion_tokens, answer.origin.completion_tokens);
  EXPECT_EQ(head.origin.cost_usd, answer.origin.cost_usd);
  EXPECT_EQ(head.origin.latency, answer.origin.latency);
}

TEST(StoredEntryTest, EverythingComesBack) {
  const Answer answer = FullAnswer();
  const std::string bytes = Encode(answer);
  const auto entry = DecodeStoredEntry(bytes);
  ASSERT_TRUE(entry.ok()) << entry.status();
  ExpectHead(entry->head, answer);
  EXPECT_EQ(entry->payload, answer.payload);
}

TEST(StoredEntryTest, PayloadsOfAllSizesComeBackAlsoAfterAMove) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1023}, size_t{1024}, size_t{4096}, size_t{3} << 20}) {
    for (const std::string& payload : {Compressible(size), Incompressible(size)}) {
      const std::string bytes = Encode({.payload = payload});
      auto decoded = DecodeStoredEntry(bytes);
      ASSERT_TRUE(decoded.ok()) << decoded.status();
      const StoredEntry moved = *std::move(decoded);
      EXPECT_TRUE(moved.payload == payload) << size;
      EXPECT_LT(bytes.size(), size + 256) << "an entry is never much longer than its payload";
    }
  }
}

TEST(StoredEntryTest, PiecesAreOnePayload) {
  const std::string payload = Compressible(300'000);
  const absl::string_view whole = payload;
  const std::vector<absl::string_view> pieces = {whole.substr(0, 1), whole.substr(1, 0), whole.substr(1, 200'000),
                                                 whole.substr(200'001)};
  const Answer answer;
  for (const StoredEntryLimits& limits : {StoredEntryLimits{}, StoredEntryLimits{.compress_from = 1 << 30}}) {
    const std::string bytes = EncodeStoredEntry(answer.Spec(pieces), kBegun, kNow, limits);
    const auto entry = DecodeStoredEntry(bytes);
    ASSERT_TRUE(entry.ok()) << entry.status();
    EXPECT_TRUE(entry->payload == payload);
  }
}

TEST(StoredEntryTest, NoPiecesAreAnEmptyPayload) {
  const Answer answer;
  const std::string bytes = EncodeStoredEntry(answer.Spec({}), kBegun, kNow, {.compress_from = 0});
  const auto entry = DecodeStoredEntry(bytes);
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->payload, "");
}

bool IsCompressed(const std::string& payload, const StoredEntryLimits& limits = {}) {
  const auto entry = DecodeStoredEntry(Encode({.payload = payload}, limits));
  EXPECT_TRUE(entry.ok());
  return entry.ok() && entry->decompressed != nullptr;
}

TEST(StoredEntryTest, CompressesFromAThresholdAndOnlyWhenItSaves) {
  EXPECT_FALSE(IsCompressed(Compressible(1023)));
  EXPECT_TRUE(IsCompressed(Compressible(1024)));
  EXPECT_FALSE(IsCompressed(Incompressible(4096)));
  // Random bytes with a repeated tail: saves about as much as the tail is long.
  const std::string head = Incompressible(4096);
  EXPECT_FALSE(IsCompressed(head + std::string(300, 'x'))) << "saves less than a tenth";
  EXPECT_TRUE(IsCompressed(head + std::string(600, 'x'))) << "saves more than a tenth";
  EXPECT_TRUE(IsCompressed(head + std::string(300, 'x'), {.least_saving = 0.01}));
  EXPECT_FALSE(IsCompressed(Compressible(4096), {.compress_from = 4097}));
}

TEST(StoredEntryTest, WhatDoesNotSaveEnoughInPiecesIsStoredAsItIs) {
  const std::string payload = Incompressible(400'000);
  const absl::string_view whole = payload;
  const std::vector<absl::string_view> pieces = {whole.substr(0, 150'000), whole.substr(150'000)};
  const std::string bytes = EncodeStoredEntry(Answer().Spec(pieces), kBegun, kNow);
  const auto entry = DecodeStoredEntry(bytes);
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->decompressed, nullptr);
  EXPECT_TRUE(entry->payload == payload);
  EXPECT_TRUE(IsCompressed(Compressible(4096))) << "the context works on after giving up";
}

TEST(StoredEntryTest, TheFormatDoesNotChangeUnnoticed) {
  const std::string golden =
      "5052434c"                                                          // PRCL
      "010000"                                                            // Format, flags, encryption header.
      "8701"                                                              // 135 bytes of head.
      "2ccfc555f2dc7663def096a19e5c825e1a7510e628aef59fd00ff1d207000000"  // Digest.
      "067465616d2d61066f70656e6169056770742d34"                          // Namespace, provider, model.
      "106170706c69636174696f6e2f6a736f6e"                                // Content type.
      "0300036f6e650374006f"                                              // Tags.
      "88776655443322112a00000000000000"                                  // Epoch, number.
      "7b68e5cf8b010000fb561cd08b010000"                                  // Created, expires.
      "00286bee05000000"                                                  // Tokens.
      "632827da5548893fd302964900000000"                                  // Cost, latency.
      "0009616e20616e73776572"                                            // As it is, 9 bytes.
      "5c0a1622f95cf4ec";                                                 // Checksum.
  EXPECT_EQ(absl::BytesToHexString(Encode(FullAnswer())), golden);
}

// Another zstd may compress otherwise; it must read this.
TEST(StoredEntryTest, ACompressedEntryIsReadForEver) {
  const std::string golden =
      "5052434c0100007900062f03b00208c12ee1c3f80fe5dd052de31836a147f8e740ee865c00000000016e066f70656e6169056770742d3410"
      "6170706c69636174696f6e2f6a736f6e0088776655443322112a000000000000007b68e5cf8b010000fb561cd08b01000000000000000000"
      "000000000000000000000000000000000001d00f28b52ffd60d0064d00001061610100cbff000bca70bf9dd6c695c7";
  const auto entry = DecodeStoredEntry(absl::HexStringToBytes(golden));
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(entry->payload, std::string(2000, 'a'));
}

TEST(StoredEntryTest, LifeBeginsWhenTheSpecSaysAndIsBounded) {
  const Answer answer;
  EntrySpec spec = answer.Spec({});
  spec.create_time = kNow - absl::Minutes(10);
  spec.ttl = absl::Hours(24 * 1000);
  const std::string bytes = EncodeStoredEntry(spec, kBegun, kNow);
  const auto head = DecodeStoredHead(bytes);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->create_time, kNow - absl::Minutes(10));
  EXPECT_EQ(head->expire_time, head->create_time + absl::Hours(24 * 730));
}

TEST(StoredEntryTest, TimesOutsideTheFormatAreCutToIt) {
  const Answer answer;
  EntrySpec spec = answer.Spec({});
  spec.origin.latency = absl::InfiniteDuration();
  for (const absl::Time extreme : {absl::InfinitePast(), absl::InfiniteFuture()}) {
    spec.create_time = extreme;
    for (const absl::Duration ttl : {-absl::InfiniteDuration(), absl::InfiniteDuration()}) {
      spec.ttl = ttl;
      const auto head = DecodeStoredHead(EncodeStoredEntry(spec, kBegun, kNow));
      ASSERT_TRUE(head.ok()) << head.status();
      EXPECT_LE(head->create_time, head->expire_time);
    }
  }
}

TEST(StoredEntryTest, EveryTruncationIsRefused) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    for (size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_EQ(CodeOf(absl::string_view(bytes).substr(0, size)), absl::StatusCode::kDataLoss) << size;
    }
  }
}

TEST(StoredEntryTest, EveryTruncationIsRefusedWhateverTheChecksumSays) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    for (size_t size = 8; size < bytes.size(); ++size) {
      ASSERT_NE(CodeOf(Sealed(bytes.substr(0, size))), absl::StatusCode::kOk) << size;
    }
  }
}

TEST(StoredEntryTest, AnyChangedByteIsRefused) {
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
TEST(StoredEntryTest, AChangedByteUnderAMatchingChecksumIsHarmless) {
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

TEST(StoredEntryTest, TrailingBytesAreDamage) {
  for (const std::string& bytes : {Encode(FullAnswer()), Encode({.payload = Compressible(2000)})}) {
    EXPECT_EQ(CodeOf(bytes + "x"), absl::StatusCode::kDataLoss);
    std::string longer = bytes;
    longer.insert(longer.size() - 8, "x");
    EXPECT_EQ(CodeOf(Sealed(longer)), absl::StatusCode::kDataLoss);
    EXPECT_EQ(CodeOf(bytes + bytes), absl::StatusCode::kDataLoss);
  }
}

TEST(StoredEntryTest, AByteBehindTheFieldsOfTheHeadIsDamage) {
  std::string bytes = Encode({});
  ASSERT_EQ(HeadBegin(bytes), 8u);
  bytes.insert(CodecAt(bytes), "x");
  ++bytes[kHeadSizeAt];
  EXPECT_EQ(CodeOf(Sealed(bytes)), absl::StatusCode::kDataLoss);
}

TEST(StoredEntryTest, WhatLaterVersionsMayWriteIsUnimplemented) {
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

TEST(StoredEntryTest, OtherThingsInRedisAreDamage) {
  for (const absl::string_view thing : {"", "P", "PRCL", "hello", "{\"json\": true}", "PRCM\1\0\0"}) {
    EXPECT_EQ(CodeOf(thing), absl::StatusCode::kDataLoss) << thing;
  }
}

TEST(StoredEntryTest, NumbersOutOfRangeAreDamage) {
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

// An entry by hand: everything up to the codec is right.
std::string EntryWith(uint8_t codec, absl::string_view size_varint, absl::string_view stored) {
  std::string bytes = Encode({});
  bytes.resize(CodecAt(bytes));
  bytes.push_back(static_cast<char>(codec));
  absl::StrAppend(&bytes, size_varint, stored, "checksum");
  return Sealed(bytes);
}

TEST(StoredEntryTest, HugeAnnouncedSizesAreNotBelieved) {
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

TEST(StoredEntryTest, TwoFramesAreNotOne) {
  const std::string bytes = Encode({.payload = std::string(2000, 'a')});
  const std::string frame = bytes.substr(CodecAt(bytes) + 3, bytes.size() - 8 - CodecAt(bytes) - 3);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xd0\x0f", frame)), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xd0\x0f", frame + frame)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(EntryWith(1, "\xa0\x1f", frame + frame)), absl::StatusCode::kDataLoss);
}

TEST(StoredEntryTest, ASizeIsSpeltInOneWay) {
  EXPECT_EQ(CodeOf(EntryWith(0, "\x01", "a")), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(EntryWith(0, absl::string_view("\x81\x00", 2), "a")), absl::StatusCode::kDataLoss);
}

TEST(StoredEntryTest, PayloadsOverTheLimitAreRefused) {
  const std::string plain = Encode({.payload = "12345"});
  EXPECT_EQ(CodeOf(plain, {.max_payload = 5}), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(plain, {.max_payload = 4}), absl::StatusCode::kResourceExhausted);
  const std::string compressed = Encode({.payload = Compressible(5000)});
  EXPECT_EQ(CodeOf(compressed, {.max_payload = 5000}), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOf(compressed, {.max_payload = 4999}), absl::StatusCode::kResourceExhausted);
}

TEST(StoredEntryTest, TheHeadIsReadFromTheBeginning) {
  Answer answer = FullAnswer();
  answer.payload = Incompressible(100'000);
  const std::string bytes = Encode(answer);
  const auto head = DecodeStoredHead(absl::string_view(bytes).substr(0, kStoredHeadBytes));
  ASSERT_TRUE(head.ok()) << head.status();
  ExpectHead(*head, answer);
  EXPECT_TRUE(DecodeStoredHead(bytes).ok());
}

TEST(StoredEntryTest, ALongerHeadSaysSo) {
  Answer answer = FullAnswer();
  for (int i = 0; i < 40; ++i) answer.tags.push_back(std::string(120, 'a'));
  const std::string bytes = Encode(answer);
  EXPECT_EQ(DecodeStoredHead(absl::string_view(bytes).substr(0, kStoredHeadBytes)).status().code(),
            absl::StatusCode::kOutOfRange);
  const auto head = DecodeStoredHead(bytes);
  ASSERT_TRUE(head.ok()) << head.status();
  ExpectHead(*head, answer);
  const auto entry = DecodeStoredEntry(bytes);
  ASSERT_TRUE(entry.ok()) << entry.status();
  ExpectHead(entry->head, answer);
}

TEST(StoredEntryTest, ABeginningIsNeverTakenForAHead) {
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
