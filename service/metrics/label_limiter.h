// LabelLimiter bounds the values of a label that callers choose: those of a list, or the first so many that come; all
// others are "other". A value keeps what it was given, so that counters never go backwards.
//
// What comes out is valid UTF-8 of at most kMaxBytes, whatever went in: another byte would make the whole page
// unreadable for Prometheus. An empty value is "unknown". Thread-safe.
#ifndef PARACLE_SERVICE_METRICS_LABEL_LIMITER_H_
#define PARACLE_SERVICE_METRICS_LABEL_LIMITER_H_

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace paracle::service {

class LabelLimiter {
 public:
  static constexpr size_t kMost = 50;
  static constexpr size_t kMaxBytes = 128;
  static constexpr absl::string_view kOther = "other";
  static constexpr absl::string_view kUnknown = "unknown";

  // Empty: the first kMost.
  explicit LabelLimiter(const std::vector<std::string>& allowed);

  std::string Limit(absl::string_view value);

 private:
  const bool listed_;
  std::mutex mutex_;
  std::set<std::string, std::less<>> given_;  // Guarded by mutex_.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_LABEL_LIMITER_H_
