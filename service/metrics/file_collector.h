// What became of the files that are read again when they change, as metrics.
#ifndef PARACLE_SERVICE_METRICS_FILE_COLLECTOR_H_
#define PARACLE_SERVICE_METRICS_FILE_COLLECTOR_H_

#include <functional>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "service/metrics/families.h"

namespace paracle::service {

struct WatchedFileState {
  absl::string_view file;  // A constant, as "tokens".
  bool last_reload_ok = true;
  std::optional<absl::Time> certificate_expiry = std::nullopt;  // If that is what is in it.
};

// Asked at each scrape, from any thread. Empty: no file is watched.
using WatchedFiles = std::function<std::vector<WatchedFileState>()>;

void CollectFiles(const std::vector<WatchedFileState>& files, Families& families);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_METRICS_FILE_COLLECTOR_H_
