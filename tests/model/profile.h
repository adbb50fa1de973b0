#ifndef PARACLE_TESTS_MODEL_PROFILE_H_
#define PARACLE_TESTS_MODEL_PROFILE_H_

// What one schedule is like: drawn from its seed, so that some schedules are calm, some lose messages only, and a few
// suffer everything at once.

#include <cstdint>

namespace paracle::model {

// splitmix64: small, seedable, the same everywhere.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>((Next() >> 32) * n >> 32); }
  int Between(int low, int high) { return low + static_cast<int>(Below(static_cast<uint32_t>(high - low + 1))); }
  bool Chance(int permille) { return static_cast<int>(Below(1000)) < permille; }

 private:
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

// Chances are per mille: of a step for what happens to the world, of an operation for what happens to it.
struct Profile {
  bool strict = false;
  int replicas = 2;
  int max_marks = 16;
  int page_limit = 16;
  int table_size = 16;  // marks a replica keeps
  int questions = 6;    // that anybody asks
  int steps = 100;
  int longest_pause = 60;  // between steps, ms
  int fills = 1000;        // misses that somebody fills

  int message_lost = 0;
  int message_doubled = 0;
  int message_late = 0;
  int reply_stuck = 0;
  int connection_lost = 0;
  int partition = 0;
  int redis_fails = 0;
  int redis_stays_up = 500;  // of these: no time in between, as after a failover
  int eviction = 0;
  int restart = 0;
  int write_late = 0;
  int write_lost = 0;
  int reply_crossed = 0;  // a reply reaches the wrong reader

  static Profile Calm() { return {}; }
  static Profile Draw(Dice& dice);
};

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_PROFILE_H_
