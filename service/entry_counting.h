// What is counted of entries: how old those are that are given again, and how large those that come.
#ifndef PARACLE_SERVICE_ENTRY_COUNTING_H_
#define PARACLE_SERVICE_ENTRY_COUNTING_H_

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "service/metrics/call_meter.h"

namespace paracle::service {

// `meter` may be null.
inline void CountHitAge(CallMeter* meter, absl::Time created) {
  if (meter != nullptr) meter->RecordHitAge(absl::Now() - created);
}

// What is to be stored. `meter` may be null.
inline void CountEntrySize(CallMeter* meter, size_t payload_bytes) {
  if (meter != nullptr) meter->RecordEntrySize(static_cast<int64_t>(payload_bytes));
}

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_ENTRY_COUNTING_H_
