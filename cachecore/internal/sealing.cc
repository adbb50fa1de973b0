#include "cachecore/internal/sealing.h"

#include <algorithm>
#include <cassert>

#include "cachecore/encryption/hkdf.h"
#include "cachecore/internal/byte_writer.h"

namespace paracle::cachecore::internal {

using encryption::KeyRing;
using encryption::kTagSize;

constexpr size_t kMostInfo = 128;

bool AppendSealingHeader(const KeyRing::Key& key, encryption::RandomSource random, std::string& out) {
  AppendText(key.id, out);
  out.resize(out.size() + kSaltSize);
  return random(absl::MakeSpan(out).last(kSaltSize));
}

absl::StatusOr<SealingHeader> ReadSealingHeader(const KeyRing& keys, ByteReader& reader) {
  const absl::string_view id = reader.Text();
  SealingHeader header;
  header.salt = reader.Bytes(kSaltSize);
  if (!reader.ok()) return absl::DataLossError("a damaged encryption header");
  header.key = keys.Find(id);
  if (header.key == nullptr) return absl::FailedPreconditionError("it is sealed with a key that is not here");
  return header;
}

SealingKey::SealingKey(const SealingHeader& header, std::initializer_list<absl::string_view> info) {
  char bytes[kMostInfo + kSaltSize];
  char* end = bytes;
  for (absl::string_view piece : info) {
    assert(piece.size() <= static_cast<size_t>(bytes + kMostInfo - end));
    end = std::copy(piece.begin(), piece.end(), end);
  }
  end = std::copy(header.salt.begin(), header.salt.end(), end);
  encryption::HkdfExpandSha256(*header.key->secret, {bytes, static_cast<size_t>(end - bytes)}, key_.span());
}

void SealingKey::Seal(uint64_t nonce, size_t begin, size_t size, std::string& out) const {
  out.resize(begin + size + kTagSize);
  const absl::Span<char> bytes = absl::MakeSpan(out);
  encryption::Seal(key_.view(), encryption::NonceOf(nonce), absl::string_view(out).substr(0, begin),
                   bytes.subspan(begin, size), bytes.subspan(begin + size));
}

bool SealingKey::Open(uint64_t nonce, absl::string_view bytes, size_t begin, size_t end, char* out) const {
  const size_t size = end - begin - kTagSize;
  return opener_.Open(encryption::NonceOf(nonce), bytes.substr(0, begin), bytes.substr(begin, size),
                      bytes.substr(begin + size, kTagSize), {out, size});
}

void SealingKey::OpenKnown(uint64_t nonce, absl::Span<char> bytes, size_t begin, size_t end) const {
  const absl::Span<char> text = bytes.subspan(begin, end - begin - kTagSize);
  opener_.OpenKnown(encryption::NonceOf(nonce), {text.data(), text.size()}, text);
}

absl::Status NotAuthentic() {
  return absl::UnauthenticatedError("it was changed, or sealed as something else or with another key of that id");
}

}  // namespace paracle::cachecore::internal
