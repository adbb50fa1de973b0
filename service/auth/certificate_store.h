// CertificateStore is the server's certificate as it is now: read at the start, and again whenever a file changes.
// Files that do not fit together change nothing: the pair of before goes on to be served.
#ifndef PARACLE_SERVICE_AUTH_CERTIFICATE_STORE_H_
#define PARACLE_SERVICE_AUTH_CERTIFICATE_STORE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "cachecore/clock.h"
#include "cachecore/mutex.h"
#include "service/auth/certificates.h"
#include "service/auth/watched_file.h"

namespace paracle::service::auth {

struct CertificatePaths {
  std::string chain;
  std::string key;
  std::string client_ca;  // Empty: none.
};

// Thread-safe, but for Poll, which one thread calls.
class CertificateStore {
 public:
  // `clock` outlives the store. INVALID_ARGUMENT names the variable, its value, and what is wrong.
  static absl::StatusOr<std::shared_ptr<CertificateStore>> Open(const CertificatePaths& paths,
                                                                const cachecore::Clock* clock);

  // Another object after each change.
  std::shared_ptr<const Certificates> Current() const {
    cachecore::MutexLock lock(mutex_);
    return current_;
  }

  // Takes over a change of the files. nullopt: there is none. An error, told once for each content: it was not taken.
  std::optional<absl::Status> Poll();

  // False from a change that was not taken to the next one that is.
  bool last_reload_ok() const { return last_reload_ok_.load(std::memory_order_relaxed); }

  // When the certificate that is served expires.
  absl::Time not_after() const { return Current()->not_after; }

  bool asks_clients() const { return client_ca_.has_value(); }
  const std::string& path() const { return chain_.path(); }

 private:
  CertificateStore(const CertificatePaths& paths, const cachecore::Clock* clock);

  absl::Status Load();

  const cachecore::Clock& clock_;
  WatchedFile chain_;
  WatchedFile key_;
  std::optional<WatchedFile> client_ca_;
  std::atomic<bool> last_reload_ok_ = true;
  mutable cachecore::Mutex mutex_;
  std::shared_ptr<const Certificates> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_CERTIFICATE_STORE_H_
