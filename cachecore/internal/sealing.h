// What everything that is sealed for the shared tier begins with, and the key that follows from it (sealed_entry.h).
// Stateless.
#ifndef PARACLE_CACHECORE_INTERNAL_SEALING_H_
#define PARACLE_CACHECORE_INTERNAL_SEALING_H_

#include <cstddef>
#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "cachecore/encryption/aead.h"
#include "cachecore/encryption/key_ring.h"
#include "cachecore/encryption/random.h"
#include "cachecore/encryption/secret.h"
#include "cachecore/internal/byte_reader.h"

namespace paracle::cachecore::internal {

inline constexpr size_t kSaltSize = 32;

// Id of the key, a text; salt.
struct SealingHeader {
  const encryption::KeyRing::Key* key = nullptr;
  absl::string_view salt;
};

// Appends a header with a new salt. False: there is none to be had.
bool AppendSealingHeader(const encryption::KeyRing::Key& key, encryption::RandomSource random, std::string& out);

// DATA_LOSS: there is no header. FAILED_PRECONDITION: its key is not among `keys`.
absl::StatusOr<SealingHeader> ReadSealingHeader(const encryption::KeyRing& keys, ByteReader& reader);

// For one purpose and one salt, on one thread.
class SealingKey {
 public:
  // `info` tells what is sealed: its pieces, end to end, at most 128 bytes.
  SealingKey(const SealingHeader& header, std::initializer_list<absl::string_view> info);

  // Pads what stands in `out` from `begin` on to `size` bytes, seals it where it is, with everything before it, and
  // appends its tag.
  void Seal(uint64_t nonce, size_t begin, size_t size, std::string& out) const;

  // The other way round: opens the bytes from `begin` to `end`, the tag included, to `out`, which is shorter by the
  // tag. False: they are not authentic.
  // REQUIRES: end - begin >= encryption::kTagSize.
  [[nodiscard]] bool Open(uint64_t nonce, absl::string_view bytes, size_t begin, size_t end, char* out) const;

  // The same for what is authenticated with something that has been opened; where it stands.
  void OpenKnown(uint64_t nonce, absl::Span<char> bytes, size_t begin, size_t end) const;

 private:
  encryption::WipedBytes<encryption::kKeySize> key_;
  const encryption::Opener opener_{key_.view()};
};

// UNAUTHENTICATED.
absl::Status NotAuthentic();

}  // namespace paracle::cachecore::internal

#endif  // PARACLE_CACHECORE_INTERNAL_SEALING_H_
