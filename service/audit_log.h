// AuditLog keeps who did what: one line of JSON for each admin call, each invalidation and each refusal. What was asked
// of is told by its kind and its namespace; no key, tag, model, payload or secret has a place in a line.
//
// Refusals may come as fast as somebody likes to send them: of one caller and result, ten are written in a minute, and
// then how many more there were.
#ifndef PARACLE_SERVICE_AUDIT_LOG_H_
#define PARACLE_SERVICE_AUDIT_LOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cachecore/clock.h"
#include "cachecore/mutex.h"

namespace paracle::service {

struct AuditLine {
  std::string caller;        // Its id; empty: not known.
  absl::string_view method;  // "Invalidate"
  std::string ns;            // Empty: all, or none.
  absl::string_view target;  // Of an invalidation: "digest", "tag", "model", "everything"; else empty.
  std::optional<int64_t> count;
  absl::string_view result;  // "OK", "PermissionDenied", ...
  std::string peer;          // As gRPC names it.
  std::string trace_id;      // Empty: the call said none.
};

// Thread-safe.
class AuditLog {
 public:
  static constexpr int kRefusalsPerMinute = 10;
  static constexpr size_t kMaxRefused = 1000;  // Callers and results told apart; what is beyond counts as one.

  // Appends to the file `path`, which is made if it is not there; "stderr" is that. `clock` outlives the log.
  // INVALID_ARGUMENT: "cannot be opened: ...".
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const std::string& path, const cachecore::Clock* clock);

  // Appends to `file`, which becomes the log's.
  AuditLog(int file, const cachecore::Clock* clock) : file_(file), clock_(*clock) {}
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  void Done(const AuditLine& line);
  void Refused(const AuditLine& line);

  // Tells what was left out of minutes that are over. Call it every few seconds.
  void Flush();

 private:
  struct Refusals {
    int64_t minute_began = 0;  // On the monotonic clock.
    int64_t count = 0;
    std::string caller;
    std::string result;
  };

  void Write(absl::string_view event, const AuditLine& line);
  void TellLeftOut(const Refusals& refusals);

  const int file_;
  const cachecore::Clock& clock_;
  cachecore::Mutex mutex_;
  absl::flat_hash_map<std::string, Refusals> refused_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_AUDIT_LOG_H_
