#include "bench/load/payloads.h"

#include <algorithm>
#include <cstring>

#include "bench/load/random.h"

namespace paracle::load {
namespace {

constexpr size_t kHeaderBytes = 24;
constexpr char kMark[] = "PARACLE1";  // Eight bytes and the terminator.
constexpr size_t kStarts = 1024;

}  // namespace

Payloads::Payloads(const ValueSizes& sizes, uint64_t seed) : sizes_(sizes), seed_(seed) {
  Random random(seed);
  pool_.resize(static_cast<size_t>(sizes.max_bytes()) + kStarts);
  for (char& c : pool_) c = static_cast<char>('0' + (random.Next() & 63));
}

size_t Payloads::Size(uint64_t key) const { return static_cast<size_t>(sizes_.Size(Mix(seed_ ^ Mix(key)))); }

std::string Payloads::Header(uint64_t key, size_t size) const {
  char header[kHeaderBytes];
  const uint64_t size64 = size;
  std::memcpy(header, kMark, 8);
  std::memcpy(header + 8, &key, 8);
  std::memcpy(header + 16, &size64, 8);
  return {header, std::min(size, kHeaderBytes)};
}

std::string_view Payloads::Filler(uint64_t key, size_t size) const {
  return std::string_view(pool_).substr(Mix(key) % kStarts, size - std::min(size, kHeaderBytes));
}

void Payloads::AppendTo(std::string& out, uint64_t key) const {
  const size_t size = Size(key);
  out += Header(key, size);
  out += Filler(key, size);
}

bool Payloads::Matches(uint64_t key, std::string_view payload) const {
  const size_t size = Size(key);
  if (payload.size() != size) return false;
  const std::string header = Header(key, size);
  return payload.starts_with(header) && payload.substr(header.size()) == Filler(key, size);
}

}  // namespace paracle::load
