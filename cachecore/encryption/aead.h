// AES-256-GCM (NIST SP 800-38D) with nonces of 96 and tags of 128 bits.
//
// A nonce used twice under one key gives both texts away, and the tags of the key with them. So keys here are made for
// one entry or one recording (hkdf.h), and nonces are numbers that count what is sealed under such a key.
#ifndef PARACLE_CACHECORE_ENCRYPTION_AEAD_H_
#define PARACLE_CACHECORE_ENCRYPTION_AEAD_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

struct evp_cipher_ctx_st;  // Of OpenSSL.

namespace paracle::cachecore::encryption {

inline constexpr size_t kKeySize = 32;
inline constexpr size_t kNonceSize = 12;
inline constexpr size_t kTagSize = 16;

using Nonce = std::array<char, kNonceSize>;

// In big-endian order.
Nonce NonceOf(uint64_t number);

// Encrypts `text` where it stands and writes its tag, kTagSize bytes. What is in `associated` is authenticated and not
// in the text. Aborts when OpenSSL has no AES-256-GCM, or no memory.
// REQUIRES: key.size() == kKeySize; text and associated are shorter than 2 GiB.
void Seal(absl::string_view key, const Nonce& nonce, absl::string_view associated, absl::Span<char> text,
          absl::Span<char> tag);

// Opens texts of one key: the second for half of what it costs to begin. For one thread.
class Opener {
 public:
  // REQUIRES: the key has kKeySize bytes and outlives it.
  explicit Opener(absl::string_view key) : key_(key) {}
  ~Opener();
  Opener(const Opener&) = delete;
  Opener& operator=(const Opener&) = delete;

  // Decrypts `sealed` to `out`, which is as long and may be the same bytes. False: it is not what was sealed with that
  // key, nonce and associated text, or it is too long; then `out` is zeros, and nothing may be made of it.
  [[nodiscard]] bool Open(const Nonce& nonce, absl::string_view associated, absl::string_view sealed,
                          absl::string_view tag, absl::Span<char> out) const;

  // The same without a look at the tag. REQUIRES: that `sealed` is authentic is known another way, or `out` is thrown
  // away.
  void OpenKnown(const Nonce& nonce, absl::string_view sealed, absl::Span<char> out) const;

 private:
  evp_cipher_ctx_st* Begin(const Nonce& nonce, absl::string_view associated) const;

  const absl::string_view key_;
};

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_AEAD_H_
