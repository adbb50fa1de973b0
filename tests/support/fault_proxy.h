// FaultProxy stands between a client and a Redis and does to their replies what sick networks and servers do.
//
// It frames RESP2 in both directions, so that a fault hits whole replies and the order of replies is kept, or broken,
// on purpose. One thread of its own; every method may be called from any thread. Plain TCP alone (TLS cannot be
// framed). Values over 1 MiB are streamed: they pass as they are, faults of single replies do not touch them.
#ifndef PARACLE_TESTS_SUPPORT_FAULT_PROXY_H_
#define PARACLE_TESTS_SUPPORT_FAULT_PROXY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace paracle::support {

struct Fault {
  enum class Kind {
    kNone,
    kDelay,       // Each reply waits `delay` and up to `jitter` more, in its order.
    kDrop,        // The reply is swallowed; those after it come.
    kReset,       // The connection is reset (RST) when a request comes.
    kBlackhole,   // Nothing is read and nothing written, also of new connections, which are accepted.
    kRefuse,      // Nobody listens; connections that were there are reset.
    kTruncate,    // Half a reply, then the end of the connection.
    kSlice,       // `slice` bytes in each write.
    kWrongOrder,  // Two replies of one connection change places, when two are under way.
    kDuplicate,   // The reply comes twice.
    kError,       // `error` is the reply; Redis never sees the request.
  };
  Kind kind = Kind::kNone;
  double probability = 1;    // Of each reply or request that the fault applies to. Not of kDelay and kSlice.
  std::string command = {};  // Not empty: replies of this command alone. Upper case.
  bool writes_only = false;  // Commands that write alone (scripts count).
  absl::Duration delay = absl::ZeroDuration();
  absl::Duration jitter = absl::ZeroDuration();
  size_t slice = 1;
  std::string error = {};    // Without the leading dash.
  double drop_messages = 0;  // Whatever `kind`: this share of pub/sub messages is swallowed.

  static Fault Delay(absl::Duration delay, absl::Duration jitter = absl::ZeroDuration());
  static Fault DropMessages(double share);
  static Fault Loading();  // The error replies, word for word as Redis 7 says them.
  static Fault Busy();
  static Fault NoAuth();
  static Fault OutOfMemory();  // To writes alone, like the next.
  static Fault ReadOnly();
};

// What was done, since the proxy was made.
struct FaultCounters {
  std::atomic<int64_t> connections = 0;
  std::atomic<int64_t> requests = 0;
  std::atomic<int64_t> replies = 0;  // Of Redis.
  std::atomic<int64_t> delayed = 0;
  std::atomic<int64_t> dropped = 0;
  std::atomic<int64_t> reset = 0;  // Connections, those of kRefuse included.
  std::atomic<int64_t> truncated = 0;
  std::atomic<int64_t> sliced = 0;   // Replies.
  std::atomic<int64_t> swapped = 0;  // Pairs.
  std::atomic<int64_t> duplicated = 0;
  std::atomic<int64_t> errors = 0;
  std::atomic<int64_t> messages = 0;  // Pub/sub messages of Redis.
  std::atomic<int64_t> dropped_messages = 0;
};

class FaultProxy {
 public:
  // In front of 127.0.0.1:upstream_port. Throws std::runtime_error when it cannot listen.
  explicit FaultProxy(int upstream_port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int Port() const;
  std::string Url() const;  // redis://127.0.0.1:PORT/0

  // From its return on every request and reply meets `fault` (a delayed reply keeps the delay it met).
  void Set(const Fault& fault);
  void Heal() { Set({}); }
  // Ends every connection there is, without an RST.
  void CloseConnections();

  const FaultCounters& counters() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_FAULT_PROXY_H_
