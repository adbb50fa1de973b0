#include "service/request_scratch.h"

#include <utility>

namespace paracle::service {
namespace {

// What a queue may keep between calls. A conversation of some 100 KB is common; megabytes are not.
constexpr size_t kKeepBytes = 256 << 10;

}  // namespace

bool RequestScratch::Load(const grpc::ByteBuffer& request) {
  if (!request.Valid()) return false;
  slices_.clear();
  pieces_.clear();
  size_ = request.Length();
  grpc::Slice single;
  if (request.TrySingleSlice(&single).ok()) {
    slices_.push_back(std::move(single));
  } else if (!request.Dump(&slices_).ok()) {
    return false;
  }
  for (const grpc::Slice& slice : slices_) {
    if (slice.size() > 0) pieces_.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return true;
}

absl::string_view RequestScratch::Joined() {
  if (pieces_.empty()) return {};
  if (pieces_.size() == 1) return pieces_[0];
  text.clear();
  for (absl::string_view piece : pieces_) text.append(piece.data(), piece.size());
  return text;
}

void RequestScratch::Release() {
  const bool large = size_ > kKeepBytes;
  slices_.clear();
  pieces_.clear();
  size_ = 0;
  if (!large) return;
  // Moved out first: assigning a short string to a long one would keep the long one's memory.
  const RequestScratch discarded = std::move(*this);
  *this = RequestScratch();
}

}  // namespace paracle::service
