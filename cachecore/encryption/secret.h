// Secret is a key of 32 bytes that stays where it is: in a page of its own, kept out of core dumps and, where the
// system lets us lock it, out of swap; wiped when it is destroyed.
//
// It cannot be copied or printed. What is computed with it (derived keys, the ciphers' schedules) lives on stacks and
// in OpenSSL's contexts: who must not have that in a core dump forbids dumps of the whole process. Immutable;
// thread-safe.
#ifndef PARACLE_CACHECORE_ENCRYPTION_SECRET_H_
#define PARACLE_CACHECORE_ENCRYPTION_SECRET_H_

#include <cstddef>
#include <memory>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace paracle::cachecore::encryption {

struct HmacPads;

class Secret {
 public:
  static constexpr size_t kSize = 32;

  // Takes the bytes over: they are wiped where they were. nullptr: no memory.
  // REQUIRES: bytes.size() == kSize.
  static std::shared_ptr<const Secret> Take(absl::Span<char> bytes);

  ~Secret();
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  absl::string_view bytes() const { return {page_, kSize}; }

  // What HMAC makes of it (hmac.h), beside it in its page.
  const HmacPads& pads() const;

  // Takes the same time wherever they differ.
  bool SameAs(const Secret& other) const;

 private:
  explicit Secret(char* page) : page_(page) {}

  char* const page_;
};

// Overwrites the bytes, whatever the compiler thinks of it.
void Wipe(absl::Span<char> bytes);

// Bytes of a key on the stack, wiped at the end of their block.
template <size_t size>
struct WipedBytes {
  WipedBytes() = default;
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  ~WipedBytes() { Wipe(span()); }

  absl::Span<char> span() { return {bytes, size}; }
  absl::string_view view() const { return {bytes, size}; }

  char bytes[size];
};

}  // namespace paracle::cachecore::encryption

#endif  // PARACLE_CACHECORE_ENCRYPTION_SECRET_H_
