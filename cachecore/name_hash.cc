#include "cachecore/name_hash.h"

#include <atomic>
#include <utility>

#include "cachecore/encryption/hmac.h"
#include "cachecore/internal/sha256.h"

namespace paracle::cachecore {
namespace {

uint64_t NextId() {
  static std::atomic<uint64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

NameHash::NameHash(std::shared_ptr<const encryption::KeyRing> keys)
    : keys_(std::move(keys)), id_(keys_ == nullptr ? 0 : NextId()) {}

Digest NameHash::Of(absl::string_view text) const {
  if (keys_ == nullptr) return internal::Sha256(text);
  Digest digest;
  encryption::HmacSha256(keys_->names(), {text}, {reinterpret_cast<char*>(digest.bytes.data()), Digest::kSize});
  return digest;
}

}  // namespace paracle::cachecore
