#include "cachecore/stored_entry.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/cachecore/stored_entry_bytes.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {
namespace {

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

}  // namespace
}  // namespace paracle::cachecore
