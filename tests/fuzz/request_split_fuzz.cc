// Properties of the code that takes requests apart by hand: whatever pieces a request comes in, what protobuf accepts
// comes out the same, what protobuf refuses is refused, and no bytes crash it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/stubs/logging.h"
#include "paracle/cache/v1/cache.pb.h"
#include "service/request_splitter.h"
#include "service/wire_cursor.h"

namespace paracle::service {
namespace {

namespace v1 = cache::v1;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Each piece is a copy of exactly its size, so that AddressSanitizer sees every byte read beyond it.
class Pieces {
 public:
  Pieces(absl::string_view text, size_t step) {
    for (size_t at = 0; at < text.size(); at += step) {
      const absl::string_view piece = text.substr(at, step);
      copies_.emplace_back(piece.begin(), piece.end());
    }
    for (const std::vector<char>& copy : copies_) views_.emplace_back(copy.data(), copy.size());
  }

  WireCursor cursor() const { return WireCursor(views_); }

 private:
  std::vector<std::vector<char>> copies_;
  std::vector<absl::string_view> views_;
};

std::string Copy(WireCursor part) {
  std::string bytes;
  part.CopyTo(part.remaining(), &bytes);
  return bytes;
}

// Of equal messages it is the same.
template <typename Message>
std::string Text(const Message& message) {
  return message.SerializeAsString();
}

void CheckSet(const std::string& text, const Pieces& pieces) {
  v1::SetRequest whole, rest;
  SplitSetRequest split;
  const bool ours = SplitPayload(pieces.cursor(), &split) && rest.ParseFromString(split.rest);
  Require(ours == whole.ParseFromString(text));
  if (!ours) return;
  std::string payload;
  for (absl::string_view view : split.payload) payload.append(view.data(), view.size());
  Require(payload.size() == split.payload_size);
  Require(rest.payload().empty());
  rest.set_payload(payload);
  Require(Text(rest) == Text(whole));
}

// An element that is malformed fails alone, so only of a good batch is everything said.
void CheckBatch(const std::string& text, const Pieces& pieces) {
  constexpr size_t kLimit = 16;
  v1::BatchGetRequest whole;
  BatchElements batch;
  const bool ours = SplitBatch(pieces.cursor(), kLimit, &batch);
  if (!whole.ParseFromString(text)) return;
  Require(ours);
  Require(batch.count == static_cast<size_t>(whole.entries_size()));
  Require(batch.elements.size() == std::min(batch.count, kLimit));
  for (size_t i = 0; i < batch.elements.size(); ++i) {
    v1::EntryRef entry;
    Require(entry.ParseFromString(Copy(batch.elements[i])));
    Require(Text(entry) == Text(whole.entries(static_cast<int>(i))));
  }
}

}  // namespace
}  // namespace paracle::service

// What protobuf would say of each text that is not UTF-8.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace paracle::service;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Pieces pieces(text, 1 + data[0]);
  CheckSet(text, pieces);
  CheckBatch(text, pieces);
  return 0;
}
