#ifndef PARACLE_TESTS_MODEL_SCHEDULE_H_
#define PARACLE_TESTS_MODEL_SCHEDULE_H_

// The random driver: a seed is a schedule. The same seed under the same rules is the same story, word for word.

#include <cstdint>
#include <optional>
#include <string>

#include "tests/model/world.h"

namespace paracle::model {

// Runs the schedule of `seed`. False: a promise was broken, and world.checker() says which.
bool RunSchedule(World& world, uint64_t seed, std::string* log = nullptr);

struct Finding {
  uint64_t seed = 0;
  uint64_t schedules = 0;  // how many it took, this one included
};

// Runs the schedules of seeds first, first + 1, ... and stops at the first broken promise.
std::optional<Finding> Explore(World& world, uint64_t first, uint64_t schedules);

// What happened in the schedule of `seed`, a line per event, and what was wrong with it at the end.
std::string Story(const Rules& rules, uint64_t seed);

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_SCHEDULE_H_
