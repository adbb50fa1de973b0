// Keys for tests, made of letters.
#ifndef PARACLE_TESTS_CACHECORE_SEALING_KEYS_H_
#define PARACLE_TESTS_CACHECORE_SEALING_KEYS_H_

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "cachecore/encryption/key_ring.h"

namespace paracle::cachecore {

// "ID KEY [NAMESPACE]", where every byte of the key is that letter.
inline std::string KeyLine(absl::string_view id, char letter, absl::string_view ns = "") {
  return absl::StrCat(id, " ", absl::Base64Escape(std::string(encryption::Secret::kSize, letter)), " ", ns, "\n");
}

// A key for names, and `lines`.
inline std::shared_ptr<const encryption::KeyRing> KeysOf(absl::string_view lines, char names = 'n') {
  return *encryption::KeyRing::Parse(absl::StrCat(KeyLine("names", names), lines));
}

inline std::shared_ptr<const encryption::KeyRing> SomeKeys() { return KeysOf(KeyLine("key-1", 'a')); }

inline bool NoRandomness(absl::Span<char>) { return false; }

// Not random at all: what is sealed with it is the same each time.
inline bool FixedRandomness(absl::Span<char> out) {
  std::fill(out.begin(), out.end(), 's');
  return true;
}

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_SEALING_KEYS_H_
