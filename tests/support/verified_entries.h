// Payloads that prove whose they are: a cache that answers with another entry's, another namespace's, a mixed or a cut
// one is found out by its answer alone.
#ifndef PARACLE_TESTS_SUPPORT_VERIFIED_ENTRIES_H_
#define PARACLE_TESTS_SUPPORT_VERIFIED_ENTRIES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paracle::support {

// 32 bytes, no two alike.
std::string DigestOf(uint64_t question);

// 16 bytes of checksum and version, the namespace, the digest in hex, then filler that follows from them all. Longer
// than `size` where these need more.
std::string PayloadFor(std::string_view ns, std::string_view digest, uint64_t version, size_t size);

// The version, if every byte of `payload` is as PayloadFor makes it for this namespace and digest.
std::optional<uint64_t> Verify(std::string_view payload, std::string_view ns, std::string_view digest);

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_VERIFIED_ENTRIES_H_
