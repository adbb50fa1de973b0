#include "cachecore/sealed_part.h"

#include "cachecore/encryption/padding.h"
#include "cachecore/internal/byte_reader.h"
#include "cachecore/internal/byte_writer.h"
#include "cachecore/internal/sealing.h"

namespace paracle::cachecore {
namespace {

using encryption::KeyRing;

constexpr absl::string_view kPurpose = "paracle-cache recording 1";
constexpr size_t kStep = 64;

internal::SealingKey KeyOf(const internal::SealingHeader& header, const RecordingPart& part) {
  std::string numbers;
  internal::AppendFixed64(part.lease, numbers);
  internal::AppendFixed64(part.number, numbers);
  return {header, {kPurpose, part.tag.AsBytes(), numbers}};
}

}  // namespace

std::optional<std::string> EncodeSealedPart(const KeyRing& keys, encryption::RandomSource random,
                                            const RecordingPart& part, absl::string_view text) {
  const KeyRing::Key& master = keys.SealerOf(part.ns);
  std::string out;
  if (!internal::AppendSealingHeader(master, random, out)) return std::nullopt;
  const std::string salt = out.substr(out.size() - internal::kSaltSize);  // A copy: `out` grows.
  const size_t begin = out.size();
  internal::AppendText(text, out);
  KeyOf({.key = &master, .salt = salt}, part).Seal(0, begin, encryption::PaddedSize(out.size() - begin, kStep), out);
  return out;
}

absl::StatusOr<std::string> DecodeSealedPart(const KeyRing& keys, const RecordingPart& part, absl::string_view bytes) {
  internal::ByteReader reader(bytes);
  const absl::StatusOr<internal::SealingHeader> header = internal::ReadSealingHeader(keys, reader);
  if (!header.ok()) return header.status();
  if (reader.rest().size() < encryption::kTagSize) return absl::DataLossError("cut short");
  if (!header->key->ns.empty() && header->key->ns != part.ns) {
    return absl::DataLossError("sealed with the key of another namespace");
  }
  std::string opened(reader.rest().size() - encryption::kTagSize, '\0');
  const size_t begin = bytes.size() - reader.rest().size();
  if (!KeyOf(*header, part).Open(0, bytes, begin, bytes.size(), opened.data())) return internal::NotAuthentic();
  internal::ByteReader text_reader(opened);
  const absl::string_view text = text_reader.Text();
  if (!text_reader.ok()) return absl::DataLossError("a damaged part");
  return std::string(text);
}

}  // namespace paracle::cachecore
