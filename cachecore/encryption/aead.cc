#include "cachecore/encryption/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>

namespace paracle::cachecore::encryption {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

constexpr size_t kMostBytes = std::numeric_limits<int>::max();  // Of one call of OpenSSL.

void Require(bool works) {
  if (!works) std::abort();
}

const unsigned char* Bytes(absl::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* Bytes(absl::Span<char> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

// Contexts are made once for each thread and direction: it costs more than to open an entry.
Context NewContext(bool encrypts) {
  // Fetched once for the process and never freed.
  static const EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  Context context(EVP_CIPHER_CTX_new());
  Require(kCipher != nullptr && context != nullptr &&
          EVP_CipherInit_ex2(context.get(), kCipher, nullptr, nullptr, encrypts ? 1 : 0, nullptr) == 1);
  return context;
}

// An empty key keeps the one that the context has; -1 its direction. The cipher stays, too.
void Begin(EVP_CIPHER_CTX* context, absl::string_view key, const Nonce& nonce, absl::string_view associated) {
  const unsigned char* const key_bytes = key.empty() ? nullptr : Bytes(key);
  const absl::string_view nonce_bytes(nonce.data(), nonce.size());
  Require(EVP_CipherInit_ex2(context, nullptr, key_bytes, Bytes(nonce_bytes), -1, nullptr) == 1);
  int size = 0;
  if (associated.empty()) return;
  Require(associated.size() <= kMostBytes && EVP_CipherUpdate(context, nullptr, &size, Bytes(associated),
                                                              static_cast<int>(associated.size())) == 1);
}

EVP_CIPHER_CTX* ContextForOpening() {
  thread_local const Context context = NewContext(/*encrypts=*/false);
  return context.get();
}

// Whose key the thread's context for opening has; null: nobody's.
thread_local const Opener* opener_with_key = nullptr;

bool Decrypt(EVP_CIPHER_CTX* context, absl::string_view sealed, absl::Span<char> out) {
  int size = 0;
  return sealed.empty() || EVP_DecryptUpdate(context, Bytes(out), &size, Bytes(sealed),
                                             static_cast<int>(sealed.size())) == 1;
}

}  // namespace

Nonce NonceOf(uint64_t number) {
  Nonce nonce{};
  for (size_t i = 0; i < sizeof(number); ++i) nonce[kNonceSize - 1 - i] = static_cast<char>(number >> (8 * i));
  return nonce;
}

void Seal(absl::string_view key, const Nonce& nonce, absl::string_view associated, absl::Span<char> text,
          absl::Span<char> tag) {
  thread_local const Context context = NewContext(/*encrypts=*/true);
  assert(key.size() == kKeySize && tag.size() == kTagSize);
  Begin(context.get(), key, nonce, associated);
  int size = 0;
  Require(text.size() <= kMostBytes);
  Require(text.empty() || EVP_EncryptUpdate(context.get(), Bytes(text), &size, Bytes(text),
                                            static_cast<int>(text.size())) == 1);
  unsigned char nothing[kTagSize];
  Require(EVP_EncryptFinal_ex(context.get(), nothing, &size) == 1);
  Require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagSize), tag.data()) == 1);
}

Opener::~Opener() {
  if (opener_with_key == this) opener_with_key = nullptr;
}

EVP_CIPHER_CTX* Opener::Begin(const Nonce& nonce, absl::string_view associated) const {
  EVP_CIPHER_CTX* const context = ContextForOpening();
  encryption::Begin(context, std::exchange(opener_with_key, this) == this ? "" : key_, nonce, associated);
  return context;
}

bool Opener::Open(const Nonce& nonce, absl::string_view associated, absl::string_view sealed, absl::string_view tag,
                  absl::Span<char> out) const {
  assert(key_.size() == kKeySize && out.size() == sealed.size());
  std::array<char, kTagSize> expected;  // OpenSSL's interface wants it writable.
  bool opened = tag.size() == kTagSize && sealed.size() <= kMostBytes && associated.size() <= kMostBytes;
  if (opened) {
    std::copy(tag.begin(), tag.end(), expected.begin());
    EVP_CIPHER_CTX* const context = Begin(nonce, associated);
    int size = 0;
    unsigned char nothing[kTagSize];
    opened =
        Decrypt(context, sealed, out) &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagSize), expected.data()) == 1 &&
        EVP_DecryptFinal_ex(context, nothing, &size) == 1;
  }
  if (!opened) std::fill(out.begin(), out.end(), '\0');
  return opened;
}

void Opener::OpenKnown(const Nonce& nonce, absl::string_view sealed, absl::Span<char> out) const {
  assert(key_.size() == kKeySize && out.size() == sealed.size());
  Require(sealed.size() <= kMostBytes && Decrypt(Begin(nonce, ""), sealed, out));
}

}  // namespace paracle::cachecore::encryption
