#include "service/request_splitter.h"

namespace paracle::service {
namespace {

constexpr uint32_t kPayloadField = 15;
constexpr uint32_t kBatchField = 1;
// Unknown groups may nest; protobuf refuses more than 100, so deeper ones need not be followed.
constexpr int kMaxGroupDepth = 100;

void AppendTag(WireCursor::Tag tag, std::string* out) {
  uint32_t raw = tag.raw;
  for (; raw >= 0x80; raw >>= 7) out->push_back(static_cast<char>(raw | 0x80));
  out->push_back(static_cast<char>(raw));
}

// Follows a group's start and end; anything else is left alone.
bool TrackGroups(WireCursor::Tag tag, int* depth, bool* is_group) {
  *is_group = tag.type() == WireType::kStartGroup || tag.type() == WireType::kEndGroup;
  if (tag.type() == WireType::kStartGroup) return ++*depth <= kMaxGroupDepth;
  if (tag.type() == WireType::kEndGroup) return --*depth >= 0;
  return true;
}

bool IsPayload(WireCursor::Tag tag) { return tag.field() == kPayloadField && tag.type() == WireType::kLengthDelimited; }

bool TakePayload(WireCursor& message, SplitSetRequest* split) {
  split->payload.clear();
  if (!message.ReadLength(&split->payload_size)) return false;
  message.CopyTo(split->payload_size, &split->payload);
  return true;
}

}  // namespace

void SplitSetRequest::Clear() {
  rest.clear();
  payload.clear();
  payload_size = 0;
}

bool SplitPayload(WireCursor message, SplitSetRequest* split) {
  split->Clear();
  int depth = 0;
  while (!message.AtEnd()) {
    WireCursor::Tag tag;
    bool is_group;
    if (!message.ReadTag(&tag) || !TrackGroups(tag, &depth, &is_group)) return false;
    if (depth == 0 && IsPayload(tag)) {
      if (!TakePayload(message, split)) return false;
      continue;
    }
    AppendTag(tag, &split->rest);
    if (!is_group && !message.CopyValue(tag, &split->rest)) return false;
  }
  return depth == 0;
}

bool SplitBatch(WireCursor message, size_t limit, BatchElements* batch) {
  batch->elements.clear();
  batch->count = 0;
  int depth = 0;
  while (!message.AtEnd()) {
    WireCursor::Tag tag;
    bool is_group;
    if (!message.ReadTag(&tag) || !TrackGroups(tag, &depth, &is_group)) return false;
    if (is_group) continue;
    if (depth > 0 || tag.field() != kBatchField || tag.type() != WireType::kLengthDelimited) {
      if (!message.SkipValue(tag)) return false;
      continue;
    }
    size_t size;
    if (!message.ReadLength(&size)) return false;
    const WireCursor element = message.Take(size);
    if (++batch->count <= limit) batch->elements.push_back(element);
  }
  return depth == 0;
}

}  // namespace paracle::service
