#include "tests/support/verified_entries.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace paracle::support {
namespace {

constexpr size_t kWord = sizeof(uint64_t);
constexpr size_t kIdBytes = 2 * kWord;

// SplitMix64.
uint64_t Next(uint64_t* state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// FNV-1a.
uint64_t Checksum(std::string_view bytes, uint64_t sum) {
  for (const char byte : bytes) sum = (sum ^ static_cast<uint8_t>(byte)) * 0x100000001b3;
  return sum;
}

void AppendWord(std::string* bytes, uint64_t word) {
  char copy[kWord];
  std::memcpy(copy, &word, kWord);
  bytes->append(copy, kWord);
}

uint64_t WordAt(std::string_view bytes, size_t position) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data() + position, kWord);
  return word;
}

}  // namespace

std::string DigestOf(uint64_t question) {
  std::string digest;
  uint64_t state = question * 0x2545f4914f6cdd1d + 1;
  for (int i = 0; i < 3; ++i) AppendWord(&digest, Next(&state));
  AppendWord(&digest, question);
  return digest;
}

std::string PayloadFor(std::string_view ns, std::string_view digest, uint64_t version, size_t size) {
  const std::string hex = absl::BytesToHexString(absl::string_view(digest.data(), digest.size()));
  const std::string name = absl::StrCat(absl::string_view(ns.data(), ns.size()), "\n", hex, "\n");
  const uint64_t sum = Checksum(name, 0xcbf29ce484222325 ^ version);
  std::string payload;
  AppendWord(&payload, sum);
  AppendWord(&payload, version);
  payload += name;
  const size_t whole = std::max(size, payload.size());
  uint64_t state = sum;
  while (payload.size() < whole) AppendWord(&payload, Next(&state));
  payload.resize(whole);
  return payload;
}

std::optional<uint64_t> Verify(std::string_view payload, std::string_view ns, std::string_view digest) {
  if (payload.size() < kIdBytes) return std::nullopt;
  const uint64_t version = WordAt(payload, kWord);
  if (payload != PayloadFor(ns, digest, version, payload.size())) return std::nullopt;
  return version;
}

}  // namespace paracle::support
