#include "service/hit_encoder.h"

#include <utility>

#include "paracle/cache/v1/cache.pb.h"
#include "service/wire_writer.h"

namespace paracle::service {
namespace {

using cachecore::Entry;
using cachecore::EntryHandle;
using cachecore::Hit;
using cachecore::Miss;
using cachecore::Origin;
namespace v1 = paracle::cache::v1;

void AppendOrigin(const Origin& origin, std::string* out) {
  const bool known = origin.prompt_tokens != 0 || origin.completion_tokens != 0 || origin.cost_usd != 0 ||
                     origin.latency != absl::ZeroDuration();
  if (!known) return;
  std::string body;
  WireWriter writer(&body);
  writer.Varint(v1::Origin::kPromptTokensFieldNumber, origin.prompt_tokens);
  writer.Varint(v1::Origin::kCompletionTokensFieldNumber, origin.completion_tokens);
  writer.Double(v1::Origin::kCostUsdFieldNumber, origin.cost_usd);
  if (origin.latency != absl::ZeroDuration()) writer.Duration(v1::Origin::kLatencyFieldNumber, origin.latency);
  WireWriter(out).BytesAlways(v1::Hit::kOriginFieldNumber, body);
}

// Every field of Hit but the payload's own bytes, whose header it ends with.
void AppendFacts(const Hit& hit, std::string* out) {
  const Entry& entry = *hit.entry;
  AppendOrigin(entry.origin(), out);
  WireWriter writer(out);
  writer.Timestamp(v1::Hit::kCreateTimeFieldNumber, entry.create_time());
  writer.Timestamp(v1::Hit::kExpireTimeFieldNumber, entry.expire_time());
  writer.Varint(v1::Hit::kHitCountFieldNumber, hit.hit_count);
  writer.Varint(v1::Hit::kTierFieldNumber, hit.tier == cachecore::Tier::kShared ? v1::TIER_SHARED : v1::TIER_MEMORY);
  writer.Bytes(v1::Hit::kContentTypeFieldNumber, entry.content_type());
  writer.Varint(v1::Hit::kDegradedFieldNumber, hit.degraded ? 1 : 0);
  if (!entry.payload().empty()) writer.Header(v1::Hit::kPayloadFieldNumber, entry.payload().size());
}

// The payload itself, not a copy. gRPC never writes to it.
grpc::Slice PayloadSlice(EntryHandle handle) {
  const absl::string_view payload = handle->payload();
  return grpc::Slice(
      const_cast<char*>(payload.data()), payload.size(),
      [](void* entry) { Entry::Unref(static_cast<const Entry*>(entry)); }, const_cast<Entry*>(handle.release()));
}

std::string EncodedMiss(const Miss& miss) {
  std::string body;
  WireWriter(&body).Bytes(v1::Miss::kFillTokenFieldNumber, miss.fill_token.Encode());
  return body;
}

grpc::ByteBuffer OutcomeBuffer(int field, absl::string_view outcome) {
  std::string out;
  WireWriter(&out).BytesAlways(field, outcome);
  const grpc::Slice slice(out);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

grpc::ByteBuffer EncodeHit(Hit hit) {
  // Kept from call to call on each thread: a hit allocates its slices and nothing else.
  thread_local std::string facts;
  thread_local std::string header;
  facts.clear();
  header.clear();
  AppendFacts(hit, &facts);
  const absl::string_view payload = hit.entry->payload();
  WireWriter(&header).Header(v1::GetResponse::kHitFieldNumber, facts.size() + payload.size());
  header += facts;
  if (payload.size() <= kInlinePayloadBytes) {
    header.append(payload.data(), payload.size());
    const grpc::Slice slice(header);
    return grpc::ByteBuffer(&slice, 1);
  }
  const grpc::Slice slices[] = {grpc::Slice(header), PayloadSlice(std::move(hit.entry))};
  return grpc::ByteBuffer(slices, 2);
}

grpc::ByteBuffer EncodeMiss(const Miss& miss) {
  return OutcomeBuffer(v1::GetResponse::kMissFieldNumber, EncodedMiss(miss));
}

grpc::ByteBuffer EncodeLease(const cachecore::Lease& lease) {
  std::string body;
  WireWriter writer(&body);
  writer.Bytes(v1::Lease::kFillTokenFieldNumber, lease.token.Encode());
  writer.Duration(v1::Lease::kHoldFieldNumber, lease.hold);
  return OutcomeBuffer(v1::GetResponse::kLeaseFieldNumber, body);
}

grpc::ByteBuffer EncodePending(const cachecore::Pending& pending) {
  std::string body;
  WireWriter writer(&body);
  writer.Timestamp(v1::Pending::kLeaseExpireTimeFieldNumber, pending.expire_time);
  writer.Duration(v1::Pending::kRetryAfterFieldNumber, pending.retry_after);
  return OutcomeBuffer(v1::GetResponse::kPendingFieldNumber, body);
}

bool BatchGetEncoder::AddHit(Hit hit) {
  scratch_.clear();
  AppendFacts(hit, &scratch_);
  const absl::string_view payload = hit.entry->payload();
  const size_t hit_size = scratch_.size() + payload.size();
  const size_t result_size = 1 + VarintSize(hit_size) + hit_size;
  const size_t total = 1 + VarintSize(result_size) + result_size;
  if (size_ + total > kMaxResponseBytes) {
    std::string body;
    WireWriter(&body).Varint(v1::TooLarge::kPayloadBytesFieldNumber, payload.size());
    AddResult(v1::BatchGetResult::kTooLargeFieldNumber, body);
    return false;
  }
  WireWriter writer(&text_);
  writer.Header(v1::BatchGetResponse::kResultsFieldNumber, result_size);
  writer.Header(v1::BatchGetResult::kHitFieldNumber, hit_size);
  text_ += scratch_;
  size_ += total;
  if (payload.size() <= kInlinePayloadBytes) {
    text_.append(payload.data(), payload.size());
  } else {
    FlushText();
    slices_.push_back(PayloadSlice(std::move(hit.entry)));
  }
  return true;
}

void BatchGetEncoder::AddMiss(const Miss& miss) { AddResult(v1::BatchGetResult::kMissFieldNumber, EncodedMiss(miss)); }

void BatchGetEncoder::AddError(int code, absl::string_view message, absl::string_view reason) {
  std::string body;
  WireWriter writer(&body);
  writer.Varint(v1::ItemError::kCodeFieldNumber, static_cast<uint64_t>(code));
  writer.Bytes(v1::ItemError::kMessageFieldNumber, message);
  writer.Bytes(v1::ItemError::kReasonFieldNumber, reason);
  AddResult(v1::BatchGetResult::kErrorFieldNumber, body);
}

void BatchGetEncoder::AddResult(int field, absl::string_view outcome) {
  scratch_.clear();
  WireWriter(&scratch_).BytesAlways(field, outcome);
  const size_t before = text_.size();
  WireWriter(&text_).BytesAlways(v1::BatchGetResponse::kResultsFieldNumber, scratch_);
  size_ += text_.size() - before;
}

void BatchGetEncoder::FlushText() {
  if (text_.empty()) return;
  slices_.emplace_back(text_);
  text_.clear();
}

grpc::ByteBuffer BatchGetEncoder::Finish() {
  FlushText();
  // A batch of nothing is a valid, empty message, and still needs a slice: an unset ByteBuffer would abort gRPC.
  if (slices_.empty()) slices_.emplace_back("");
  grpc::ByteBuffer response(slices_.data(), slices_.size());
  slices_.clear();
  size_ = 0;
  return response;
}

}  // namespace paracle::service
