// CallLog is every Get and every Set that the callers of a drill made, one by one, so that they can be judged by what
// is known only later: when somebody died, and whose they were. Thread-safe.
#ifndef PARACLE_TESTS_DRILLS_CALL_LOG_H_
#define PARACLE_TESTS_DRILLS_CALL_LOG_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace paracle::drills {

struct LoggedGet {
  enum class Outcome { kMemory, kShared, kMiss, kWrong, kFailed };
  absl::Time begin;
  absl::Duration took;
  int server = 0;
  int entry = 0;
  Outcome outcome = Outcome::kFailed;
};

struct LoggedSet {
  enum class Outcome { kShared, kMemory, kRefused, kFailed };  // kShared: acknowledged by Redis.
  absl::Time begin;
  absl::Time end;
  int entry = 0;
  uint64_t version = 0;
  Outcome outcome = Outcome::kFailed;
};

class CallLog {
 public:
  void Add(const LoggedGet& get);
  void Add(const LoggedSet& set);
  void AddFailure(const std::string& what);

  // Copies of what was logged so far; Gets from number `first` on.
  std::vector<LoggedGet> Gets(size_t first = 0) const;
  std::vector<LoggedSet> Sets() const;
  size_t gets() const;
  std::string first_failure() const;  // Of any call, for people.

 private:
  mutable std::mutex mutex_;
  std::vector<LoggedGet> gets_;  // Guarded by mutex_, as are the next.
  std::vector<LoggedSet> sets_;
  std::string first_failure_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_CALL_LOG_H_
