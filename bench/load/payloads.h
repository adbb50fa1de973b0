// Payloads makes the stored answers of a load test and tells whether an answer is the one stored under its key.
//
// A payload starts with a mark, its key's number and its length, and goes on with filler that differs from key to key:
// an answer that is mixed up, cut or stale from another key is found out. Payloads shorter than the 24-byte header
// carry the part of it that fits. Immutable after construction, so thread-safe.
#ifndef PARACLE_BENCH_LOAD_PAYLOADS_H_
#define PARACLE_BENCH_LOAD_PAYLOADS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/load/value_sizes.h"

namespace paracle::load {

class Payloads {
 public:
  Payloads(const ValueSizes& sizes, uint64_t seed);

  size_t Size(uint64_t key) const;
  void AppendTo(std::string& out, uint64_t key) const;
  bool Matches(uint64_t key, std::string_view payload) const;

 private:
  std::string Header(uint64_t key, size_t size) const;
  std::string_view Filler(uint64_t key, size_t size) const;

  ValueSizes sizes_;
  uint64_t seed_;
  std::string pool_;  // Filler; keys start at different places.
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_PAYLOADS_H_
