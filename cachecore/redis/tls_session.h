// TlsSession is TLS over a connected socket that does not block: the peer verified against a CA and against the name or
// address that we asked for, 1.2 at least.
//
// Not synchronised. FAILED_PRECONDITION: the two sides do not accept each other, and trying again will not help until
// somebody changes something.
#ifndef PARACLE_CACHECORE_REDIS_TLS_SESSION_H_
#define PARACLE_CACHECORE_REDIS_TLS_SESSION_H_

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/progress.h"

namespace paracle::cachecore::redis {

class TlsSession {
 public:
  // Reads the files. The socket remains the caller's.
  static absl::StatusOr<std::unique_ptr<TlsSession>> Create(const TlsFiles& files, const std::string& host, int socket);

  // Wants nothing and has no error: done.
  Progress ShakeHands();

  // Reads until `into` is full or the socket is empty.
  Progress Read(absl::Span<char> into);

  // Takes copies, of a record at a time: unwritten() when the last of them has not gone yet.
  Progress Write(absl::Span<const iovec> pieces);
  bool unwritten() const { return !record_.empty(); }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  explicit TlsSession(SSL* ssl) : ssl_(ssl) {}

  Progress Explain(int result, absl::string_view what) const;

  std::unique_ptr<SSL, Free> ssl_;
  std::vector<char> record_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_TLS_SESSION_H_
