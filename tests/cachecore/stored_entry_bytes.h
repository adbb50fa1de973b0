// Entries of the shared tier for tests, and where things stand in their bytes.
#ifndef PARACLE_TESTS_CACHECORE_STORED_ENTRY_BYTES_H_
#define PARACLE_TESTS_CACHECORE_STORED_ENTRY_BYTES_H_

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cachecore/stored_entry.h"
#include "tests/support/answer.h"

namespace paracle::cachecore {

inline const absl::Time kNow = absl::FromUnixMillis(1'700'000'000'123);
inline constexpr MarkTable::Position kBegun = {.epoch = 0x1122334455667788, .number = 42};

inline Answer FullAnswer() {
  return {.ns = "team-a",
          .question = 7,
          .tags = {"", "one", std::string("t\0o", 3)},
          .origin = {.prompt_tokens = 4'000'000'000,
                     .completion_tokens = 5,
                     .cost_usd = 0.012345,
                     .latency = absl::Nanoseconds(1'234'567'891)}};
}

inline std::string Encode(const Answer& answer, const StoredEntryLimits& limits = {}) {
  const absl::string_view payload = answer.payload;
  return EncodeStoredEntry(answer.Spec({&payload, 1}), kBegun, kNow, limits);
}

inline std::string Compressible(size_t size) {
  std::string text;
  while (text.size() < size) absl::StrAppend(&text, "{\"content\": \"line ", text.size(), "\"}, ");
  return text.substr(0, size);
}

inline std::string Incompressible(size_t size) {
  std::mt19937_64 random(size);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// A checksum that matches, so that what stands before is judged for itself.
inline std::string Sealed(std::string bytes) {
  bytes.resize(bytes.size() - 8);
  const uint64_t checksum = XXH64(bytes.data(), bytes.size(), 0);
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(checksum >> (8 * i)));
  return bytes;
}

// Where things stand in an entry whose head is shorter than 128 bytes + 128.
inline constexpr size_t kFormatAt = 4, kFlagsAt = 5, kEncryptionHeaderAt = 6, kHeadSizeAt = 7;
inline size_t HeadBegin(absl::string_view bytes) { return static_cast<uint8_t>(bytes[kHeadSizeAt]) < 0x80 ? 8 : 9; }
inline size_t HeadSize(absl::string_view bytes) {
  const size_t low = static_cast<uint8_t>(bytes[kHeadSizeAt]);
  return low < 0x80 ? low : (low & 0x7f) + 128 * static_cast<uint8_t>(bytes[kHeadSizeAt + 1]);
}
inline size_t CodecAt(absl::string_view bytes) { return HeadBegin(bytes) + HeadSize(bytes); }
inline absl::StatusCode CodeOf(absl::string_view bytes, const StoredEntryLimits& limits = {}) {
  // A copy of exactly this size, so that AddressSanitizer sees every byte read beyond it.
  const std::vector<char> copy(bytes.begin(), bytes.end());
  return DecodeStoredEntry({copy.data(), copy.size()}, limits).status().code();
}

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_STORED_ENTRY_BYTES_H_
