// Random numbers that are the same on every machine, which those of <random>'s distributions are not.
#ifndef PARACLE_BENCH_LOAD_RANDOM_H_
#define PARACLE_BENCH_LOAD_RANDOM_H_

#include <cstdint>

namespace paracle::load {

// Scrambles 64 bits (the finaliser of SplitMix64): neighbours become strangers.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// SplitMix64. A value type; not thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    const uint64_t result = Mix(state_);
    state_ += 0x9e3779b97f4a7c15;
    return result;
  }

  // From 0 (included) to 1 (excluded).
  double NextDouble() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // From 0 to `bound` - 1. REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_RANDOM_H_
