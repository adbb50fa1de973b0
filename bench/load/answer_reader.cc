#include "bench/load/answer_reader.h"

#include <cstddef>
#include <cstdint>

namespace paracle::load {
namespace {

// Field numbers of cache.proto. GetResponse and BatchGetResult agree on the first two.
constexpr uint64_t kOutcomeHit = 1;
constexpr uint64_t kOutcomeMiss = 2;
constexpr uint64_t kHitPayload = 15;
constexpr uint64_t kMissFillToken = 1;
constexpr uint64_t kBatchResults = 1;

// Walks the fields of one protobuf message.
class FieldReader {
 public:
  explicit FieldReader(std::string_view message) : rest_(message) {}

  // False: at the end, or malformed.
  bool Next() {
    uint64_t tag = 0;
    if (rest_.empty() || malformed_ || !Varint(tag)) return false;
    field_ = tag >> 3;
    bytes_ = {};
    uint64_t size = 0;
    switch (tag & 7) {
      case 0:
        return Varint(size);
      case 1:
        return Take(8);
      case 2:
        return Varint(size) && Take(size);
      case 5:
        return Take(4);
      default:
        return !(malformed_ = true);
    }
  }

  uint64_t field() const { return field_; }
  std::string_view bytes() const { return bytes_; }
  bool malformed() const { return malformed_; }

 private:
  bool Varint(uint64_t& value) {
    value = 0;
    for (size_t i = 0; i < 10 && i < rest_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
      if (byte >= 0x80) continue;
      rest_.remove_prefix(i + 1);
      return true;
    }
    return !(malformed_ = true);
  }

  bool Take(uint64_t size) {
    if (size > rest_.size()) return !(malformed_ = true);
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  std::string_view bytes_;
  uint64_t field_ = 0;
  bool malformed_ = false;
};

}  // namespace

std::optional<LookupAnswer> ReadGetResponse(std::string_view message) {
  LookupAnswer answer;
  FieldReader outcome(message);
  while (outcome.Next()) {
    const bool hit = outcome.field() == kOutcomeHit;
    if (!hit && outcome.field() != kOutcomeMiss) continue;
    answer.kind = hit ? LookupAnswer::Kind::kHit : LookupAnswer::Kind::kMiss;
    FieldReader inner(outcome.bytes());
    while (inner.Next()) {
      if (hit && inner.field() == kHitPayload) answer.payload = inner.bytes();
      if (!hit && inner.field() == kMissFillToken) answer.fill_token = inner.bytes();
    }
    if (inner.malformed()) return std::nullopt;
  }
  if (outcome.malformed()) return std::nullopt;
  return answer;
}

bool ReadBatchGetResponse(std::string_view message, std::vector<LookupAnswer>& answers) {
  answers.clear();
  FieldReader results(message);
  while (results.Next()) {
    if (results.field() != kBatchResults) continue;
    const std::optional<LookupAnswer> answer = ReadGetResponse(results.bytes());
    if (!answer) return false;
    answers.push_back(*answer);
  }
  return !results.malformed();
}

}  // namespace paracle::load
