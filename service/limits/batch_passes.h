// BatchPasses are what the entries of one batch take of their namespaces: each is a request of its own, and all of one
// namespace together are one call in flight.
#ifndef PARACLE_SERVICE_LIMITS_BATCH_PASSES_H_
#define PARACLE_SERVICE_LIMITS_BATCH_PASSES_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "service/limits/namespace_limits.h"

namespace paracle::service {

// Not thread-safe.
class BatchPasses {
 public:
  // `limits` may be null: there are none.
  explicit BatchPasses(NamespaceLimits* limits) : limits_(limits) {}

  // RESOURCE_EXHAUSTED: the entry is to be refused.
  absl::Status Enter(absl::string_view ns, size_t request_bytes) {
    if (limits_ == nullptr) return absl::OkStatus();
    if (LimitPass* const pass = Find(ns)) return pass->EnterAgain(request_bytes);
    LimitPass pass;
    absl::Status status = EnterNamespace(limits_, ns, request_bytes, &pass);
    if (status.ok()) passes_.emplace_back(std::string(ns), std::move(pass));
    return status;
  }

  // What is sent of an entry.
  void Charge(absl::string_view ns, size_t bytes) {
    if (LimitPass* const pass = Find(ns)) pass->Charge(bytes);
  }

 private:
  LimitPass* Find(absl::string_view ns) {
    for (auto& [name, pass] : passes_) {
      if (name == ns) return &pass;
    }
    return nullptr;
  }

  NamespaceLimits* const limits_;
  absl::InlinedVector<std::pair<std::string, LimitPass>, 1> passes_;  // Most batches are of one namespace.
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_BATCH_PASSES_H_
