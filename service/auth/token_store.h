// TokenStore is the tokens file as it is now: read at the start, and again whenever it changes. A file that is wrong
// changes nothing: what it said before goes on to hold.
#ifndef PARACLE_SERVICE_AUTH_TOKEN_STORE_H_
#define PARACLE_SERVICE_AUTH_TOKEN_STORE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "cachecore/mutex.h"
#include "service/auth/token_table.h"
#include "service/auth/watched_file.h"

namespace paracle::service::auth {

// Thread-safe, but for Poll, which one thread calls.
class TokenStore {
 public:
  // INVALID_ARGUMENT: the file cannot be read, or a line of it; the line and its field are named.
  static absl::StatusOr<std::shared_ptr<TokenStore>> Open(const std::string& path);

  std::shared_ptr<const TokenTable> Current() const {
    cachecore::MutexLock lock(mutex_);
    return table_;
  }

  // Takes over a change of the file. nullopt: there is none. An error, told once for each content: it was not taken.
  std::optional<absl::Status> Poll();

  // False from a change that was not taken to the next one that is.
  bool last_reload_ok() const { return last_reload_ok_.load(std::memory_order_relaxed); }

  const std::string& path() const { return file_.path(); }

 private:
  explicit TokenStore(const std::string& path) : file_(path) {}

  absl::Status Load();

  WatchedFile file_;
  std::atomic<bool> last_reload_ok_ = true;
  mutable cachecore::Mutex mutex_;
  std::shared_ptr<const TokenTable> table_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::service::auth

#endif  // PARACLE_SERVICE_AUTH_TOKEN_STORE_H_
