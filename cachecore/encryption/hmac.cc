#include "cachecore/encryption/hmac.h"

// EVP allocates, wipes and asks for engines for each hash, which costs more than to hash the short texts that come
// here.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "cachecore/encryption/secret.h"

namespace paracle::cachecore::encryption {
namespace {

constexpr size_t kBlockSize = SHA256_CBLOCK;

// Wipes what it has made of the key.
class Sha256 {
 public:
  Sha256() { SHA256_Init(&state_); }
  // As it was after one block.
  explicit Sha256(const uint32_t (&words)[8]) : Sha256() {
    std::copy(std::begin(words), std::end(words), state_.h);
    state_.Nl = 8 * kBlockSize;
  }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256() { Wipe({reinterpret_cast<char*>(&state_), sizeof(state_)}); }

  void Add(absl::string_view bytes) { SHA256_Update(&state_, bytes.data(), bytes.size()); }
  void AddKey(absl::string_view key, char pad) {
    WipedBytes<kBlockSize> block;
    std::memset(block.bytes, pad, kBlockSize);
    for (size_t i = 0; i < key.size(); ++i) block.bytes[i] = static_cast<char>(block.bytes[i] ^ key[i]);
    Add(block.view());
  }
  // REQUIRES: whole blocks have been added.
  void CopyWords(uint32_t (&words)[8]) const { std::copy(std::begin(state_.h), std::end(state_.h), words); }
  void End(char* out) { SHA256_Final(reinterpret_cast<unsigned char*>(out), &state_); }

 private:
  SHA256_CTX state_;
};

void Mac(Sha256& inner, Sha256& outer, std::initializer_list<absl::string_view> pieces, absl::Span<char> out) {
  assert(out.size() == kMacSize);
  WipedBytes<kMacSize> result;
  for (absl::string_view piece : pieces) inner.Add(piece);
  inner.End(result.bytes);
  outer.Add(result.view());
  outer.End(out.data());
}

}  // namespace

HmacPads HmacPadsOf(absl::string_view key) {
  assert(key.size() <= kBlockSize);
  HmacPads pads;
  Sha256 inner, outer;
  inner.AddKey(key, 0x36);
  inner.CopyWords(pads.inner);
  outer.AddKey(key, 0x5c);
  outer.CopyWords(pads.outer);
  return pads;
}

void HmacSha256(const Secret& key, std::initializer_list<absl::string_view> pieces, absl::Span<char> out) {
  Sha256 inner(key.pads().inner), outer(key.pads().outer);
  Mac(inner, outer, pieces, out);
}

void HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> pieces, absl::Span<char> out) {
  WipedBytes<kMacSize> short_key;
  if (key.size() > kBlockSize) {
    Sha256 hash;
    hash.Add(key);
    hash.End(short_key.bytes);
    key = short_key.view();
  }
  Sha256 inner, outer;
  inner.AddKey(key, 0x36);
  outer.AddKey(key, 0x5c);
  Mac(inner, outer, pieces, out);
}

}  // namespace paracle::cachecore::encryption
