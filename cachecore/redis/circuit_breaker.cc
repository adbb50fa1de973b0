#include "cachecore/redis/circuit_breaker.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/string_view.h"

namespace paracle::cachecore::redis {

void CircuitBreaker::RecordSuccess(SteadyTime now) {
  failures_in_a_row_ = 0;
  ++SlotAt(now).successes;
}

bool CircuitBreaker::RecordFailure(SteadyTime now) {
  ++failures_in_a_row_;
  ++SlotAt(now).failures;
  if (open_) return false;
  open_ = failures_in_a_row_ >= kFailuresInARow || HalfFail(now);
  return open_;
}

void CircuitBreaker::Close() {
  open_ = false;
  failures_in_a_row_ = 0;
  slots_.fill({});  // What it was opened for is history.
}

CircuitBreaker::Slot& CircuitBreaker::SlotAt(SteadyTime now) {
  const int64_t number = now.time_since_epoch() / kSlotLength;
  Slot& slot = slots_[number % kSlots];
  if (slot.number != number) slot = {.number = number};
  return slot;
}

bool CircuitBreaker::HalfFail(SteadyTime now) const {
  const int64_t number = now.time_since_epoch() / kSlotLength;
  int successes = 0;
  int failures = 0;
  for (const Slot& slot : slots_) {
    if (slot.number < 0 || slot.number + kSlots <= number) continue;
    successes += slot.successes;
    failures += slot.failures;
  }
  return successes + failures >= kOutcomesToJudge && failures >= successes;
}

bool IsSickness(const Reply& error) {
  static constexpr absl::string_view kWords[] = {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY",
                                                 "NOAUTH",  "WRONGPASS",  "NOPERM"};
  const absl::string_view text = error.text;
  const absl::string_view word = text.substr(0, text.find(' '));
  return error.is_error() && std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
}

}  // namespace paracle::cachecore::redis
