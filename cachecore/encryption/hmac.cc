#include "cachecore/encryption/hmac.h"

#include <openssl/evp.h>

#include <cassert>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "cachecore/encryption/secret.h"

namespace paracle::cachecore::encryption {
namespace {

constexpr size_t kBlockSize = 64;  // Of SHA-256.

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

void Require(bool works) {
  if (!works) std::abort();
}

Context NewContext() {
  // Fetched once for the process and never freed.
  static const EVP_MD* const kAlgorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Context context(EVP_MD_CTX_new());
  Require(kAlgorithm != nullptr && context != nullptr && EVP_DigestInit_ex2(context.get(), kAlgorithm, nullptr) == 1);
  return context;
}

// One for each thread. What was hashed last is overwritten by the next; a finished one tells nothing but its hash.
EVP_MD_CTX* ThisThreadsContext() {
  thread_local const Context context = NewContext();
  return context.get();
}

void Begin() { Require(EVP_DigestInit_ex2(ThisThreadsContext(), nullptr, nullptr) == 1); }
void Add(absl::string_view bytes) { Require(EVP_DigestUpdate(ThisThreadsContext(), bytes.data(), bytes.size()) == 1); }
void End(char* out) {
  Require(EVP_DigestFinal_ex(ThisThreadsContext(), reinterpret_cast<unsigned char*>(out), nullptr) == 1);
}

void BeginWithKey(absl::string_view key, char pad) {
  WipedBytes<kBlockSize> block;
  std::memset(block.bytes, pad, kBlockSize);
  for (size_t i = 0; i < key.size(); ++i) block.bytes[i] = static_cast<char>(block.bytes[i] ^ key[i]);
  Begin();
  Add(block.view());
}

}  // namespace

void HmacSha256(absl::string_view key, std::initializer_list<absl::string_view> pieces, absl::Span<char> out) {
  assert(out.size() == kMacSize);
  WipedBytes<kMacSize> short_key;
  if (key.size() > kBlockSize) {
    Begin();
    Add(key);
    End(short_key.bytes);
    key = short_key.view();
  }
  WipedBytes<kMacSize> inner;
  BeginWithKey(key, 0x36);
  for (absl::string_view piece : pieces) Add(piece);
  End(inner.bytes);
  BeginWithKey(key, 0x5c);
  Add(inner.view());
  End(out.data());
}

}  // namespace paracle::cachecore::encryption
