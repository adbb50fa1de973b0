// ValueSizes says how long the stored answers of a load test are.
//
// A value type; thread-safe like one.
#ifndef PARACLE_BENCH_LOAD_VALUE_SIZES_H_
#define PARACLE_BENCH_LOAD_VALUE_SIZES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace paracle::load {

class ValueSizes {
 public:
  // Every value `bytes` long.
  static ValueSizes Fixed(int64_t bytes) { return ValueSizes(Kind::kFixed, bytes, bytes); }
  // Uniform from `min` to `max`, both included.
  static ValueSizes Range(int64_t min, int64_t max) { return ValueSizes(Kind::kRange, min, max); }
  // As long as recorded answers of language models were.
  static ValueSizes Recorded();

  // Reads "4096", "4KiB", "1KiB-64KiB" or "recorded". INVALID_ARGUMENT says what is accepted.
  static absl::StatusOr<ValueSizes> Parse(std::string_view text);

  // The size for a uniformly distributed 64-bit number: the same number, the same size.
  int64_t Size(uint64_t uniform) const;

  int64_t min_bytes() const { return min_; }
  int64_t max_bytes() const { return max_; }
  // As Parse would read it.
  std::string ToString() const;

 private:
  enum class Kind { kFixed, kRange, kRecorded };
  ValueSizes(Kind kind, int64_t min, int64_t max) : kind_(kind), min_(min), max_(max) {}

  Kind kind_;
  int64_t min_;
  int64_t max_;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_VALUE_SIZES_H_
