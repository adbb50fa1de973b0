#include "tests/drills/call_log.h"

#include <algorithm>

namespace paracle::drills {

void CallLog::Add(const LoggedGet& get) {
  const std::lock_guard lock(mutex_);
  gets_.push_back(get);
}

void CallLog::Add(const LoggedSet& set) {
  const std::lock_guard lock(mutex_);
  sets_.push_back(set);
}

void CallLog::AddFailure(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (first_failure_.empty()) first_failure_ = what;
}

std::vector<LoggedGet> CallLog::Gets(size_t first) const {
  const std::lock_guard lock(mutex_);
  return {gets_.begin() + static_cast<ptrdiff_t>(std::min(first, gets_.size())), gets_.end()};
}

std::vector<LoggedSet> CallLog::Sets() const {
  const std::lock_guard lock(mutex_);
  return sets_;
}

size_t CallLog::gets() const {
  const std::lock_guard lock(mutex_);
  return gets_.size();
}

std::string CallLog::first_failure() const {
  const std::lock_guard lock(mutex_);
  return first_failure_;
}

}  // namespace paracle::drills
