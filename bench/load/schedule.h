// Schedule says when operations are due and when there are no more.
//
// Open loop: operation i is due at start + i / rate whatever the server does, and latency counts from then. A generator
// that waits for a slow answer before it sends the next request would leave out exactly the requests that suffered
// ("coordinated omission"). Closed loop (rate 0): one is due whenever somebody asks.
// Reads no clock; not thread-safe.
#ifndef PARACLE_BENCH_LOAD_SCHEDULE_H_
#define PARACLE_BENCH_LOAD_SCHEDULE_H_

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

namespace paracle::load {

class Schedule {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // `requests` or `duration_nanos` is the end, the other one 0.
  // REQUIRES: rate >= 0.
  Schedule(double rate, int64_t requests, int64_t duration_nanos, int64_t start_nanos)
      : rate_(rate),
        start_(start_nanos),
        limit_(requests > 0 ? requests : kNever),
        end_(requests > 0 ? kNever : start_nanos + duration_nanos) {}

  // Takes the next operation and tells when it was due; nullopt: none is, yet or ever.
  std::optional<int64_t> Take(int64_t now) {
    const int64_t due = NextDue(now);
    if (due > now || now >= end_) return std::nullopt;
    ++taken_;
    return due;
  }

  // When the next operation is due: `now` or earlier means at once, kNever that there are no more.
  int64_t NextDue(int64_t now) const {
    if (taken_ >= limit_) return kNever;
    const int64_t due = rate_ > 0 ? DueNanos(taken_) : now;
    return due >= end_ ? kNever : due;
  }

  // Whether Take will never give an operation again.
  bool Over(int64_t now) const { return taken_ >= limit_ || now >= end_ || NextDue(now) == kNever; }

  // Open loop: how many were due before `now` (or the end) and never taken.
  int64_t Overdue(int64_t now) const {
    if (rate_ <= 0) return 0;
    const int64_t until = std::min(now, end_);
    if (until <= start_) return 0;
    const double due = static_cast<double>(until - start_) * rate_ / 1e9;
    return std::max<int64_t>(0, std::min(limit_, static_cast<int64_t>(due)) - taken_);
  }

  int64_t taken() const { return taken_; }

  // How far the schedule is, 0 to 1.
  double Fraction(int64_t now) const {
    const double part = limit_ != kNever ? static_cast<double>(taken_) / static_cast<double>(limit_)
                                         : static_cast<double>(now - start_) / static_cast<double>(end_ - start_);
    return std::clamp(part, 0.0, 1.0);
  }

 private:
  int64_t DueNanos(int64_t i) const { return start_ + static_cast<int64_t>(static_cast<double>(i) * 1e9 / rate_); }

  double rate_;
  int64_t start_;
  int64_t limit_;
  int64_t end_;
  int64_t taken_ = 0;
};

}  // namespace paracle::load

#endif  // PARACLE_BENCH_LOAD_SCHEDULE_H_
