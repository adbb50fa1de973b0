// What tests store.
#ifndef PARACLE_TESTS_SUPPORT_ANSWER_H_
#define PARACLE_TESTS_SUPPORT_ANSWER_H_

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "cachecore/entry.h"

namespace paracle::cachecore {

// As unlike as digests are; no two alike.
inline Digest DigestOfQuestion(int question) {
  Digest digest;
  uint64_t state = static_cast<uint64_t>(question) * 0x9e3779b97f4a7c15 + 1;
  for (uint8_t& byte : digest.bytes) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<uint8_t>(state >> 32);
  }
  std::memcpy(digest.bytes.data() + Digest::kSize - sizeof(question), &question, sizeof(question));
  return digest;
}

// Everything has a default that is fine when the test is about something else.
struct Answer {
  std::string ns = "default";
  int question = 0;
  std::string payload = "an answer";
  std::string provider = "openai";
  std::string model = "gpt-4";
  std::string content_type = "application/json";
  std::vector<std::string> tags = {};
  Origin origin = {};
  absl::Duration ttl = absl::Hours(1);
  std::optional<FillToken> fill_token = std::nullopt;

  // `payload_pieces` replaces the payload. The answer and the pieces must outlive the spec.
  EntrySpec Spec(absl::Span<const absl::string_view> payload_pieces) const {
    return {.id = {.ns = ns, .digest = DigestOfQuestion(question)},
            .provider = provider,
            .model = model,
            .content_type = content_type,
            .payload = payload_pieces,
            .tags = tags,
            .origin = origin,
            .ttl = ttl,
            .fill_token = fill_token,
            .create_time = std::nullopt};
  }
};

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_SUPPORT_ANSWER_H_
