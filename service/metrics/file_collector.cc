#include "service/metrics/file_collector.h"

namespace paracle::service {

void CollectFiles(const std::vector<WatchedFileState>& files, Families& families) {
  families.Gauge("paracle_cache_config_last_reload_success", "0: the last change of a file was not taken.");
  for (const WatchedFileState& file : files) families.Add({{"file", file.file}}, file.last_reload_ok ? 1 : 0);
  families.Gauge("paracle_cache_certificate_expiry_timestamp_seconds", "When the certificate that is served ends.");
  for (const WatchedFileState& file : files) {
    if (file.certificate_expiry)
      families.Add({{"file", file.file}}, absl::ToDoubleSeconds(*file.certificate_expiry - absl::UnixEpoch()));
  }
}

}  // namespace paracle::service
