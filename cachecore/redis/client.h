// Client talks to Redis or Valkey, one server, a Cluster, or what Sentinels watch: to each server a few multiplexed
// connections, commands pipelined, nobody waits.
//
//   Send (any thread, which writes a lone command itself) -> Node -> lane -> Connection (FIFO of replies due) -> socket
//
// One thread of the client's own runs all sockets, timers and callbacks. A reply reaches the command it answers and no
// other: a command that has timed out keeps its place until its reply is discarded, and whatever puts that in doubt (a
// parse error, a reply that nobody asked for, a head of queue older than `liveness`) destroys the connection.
//
// Sickness: a breaker opens after failures in a row or in a share (circuit_breaker.h); then Send answers UNAVAILABLE at
// once, and PINGs in the background decide when it closes: never a user's command. Connections come back by
// themselves, with exponential backoff and jitter.
//
// Thread-safe. Logs nothing: what happened is told to the observer, and only when it changes.
#ifndef PARACLE_CACHECORE_REDIS_CLIENT_H_
#define PARACLE_CACHECORE_REDIS_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cachecore/redis/address_book.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/reply.h"
#include "cachecore/redis/deployment.h"

namespace paracle::cachecore::redis {

// PEM files. Empty: the system's CAs; no client certificate. Read again at every connect.
struct TlsFiles {
  std::string ca = {};
  std::string certificate = {};  // With its key: both or neither.
  std::string key = {};
};

struct ClientOptions {
  Deployment deployment;
  std::string home_key = {};  // In a Cluster: whose server commands without a key, and the control lane, belong to.
  std::shared_ptr<AddressBook> addresses = {};  // Where a client tells, and a subscriber finds, the servers there are.
  bool must_be_master = false;                  // A server that is none is left. Set for what Sentinels name.
  bool auth_is_optional = false;                // One that refuses user and password is asked without. For Sentinels.
  TlsFiles tls;                                               // For rediss://.
  std::string name = "paracle-cache";                         // CLIENT SETNAME.
  int data_connections = 2;                                   // > 0.
  absl::Duration operation_timeout = absl::Milliseconds(50);  // Of a data command, from Send to its reply.
  absl::Duration connect_timeout = absl::Seconds(1);          // Name look-up, connect, TLS and handshake together.
  absl::Duration liveness = absl::Milliseconds(500);          // Nothing read for so long while replies are due.
  absl::Duration min_backoff = absl::Milliseconds(50);        // Between two connects; doubled each time, +-20 %.
  absl::Duration max_backoff = absl::Seconds(1);              // Low, so that shared hits are back within 2 s.
  absl::Duration probe_interval = absl::Milliseconds(500);    // Of PINGs, +-20 %.
  size_t max_pending_commands = 16'384;                       // Due replies, all lanes; beyond: RESOURCE_EXHAUSTED.
  size_t max_pending_bytes = 256 << 20;                       // Of commands not yet written.

  // INVALID_ARGUMENT naming the field; files are looked at too.
  absl::Status Validate() const;

  // Of one server, or the first that is named.
  const Url& url() const { return deployment.servers.front(); }
};

enum class Lane {
  kData,     // Entries. Under the breaker.
  kControl,  // One connection of its own, so that replies come in the order of the commands: marks, ledger, reclaiming.
             // Not under the breaker, but fails at once while it is not connected.
};

// Called on the client's thread, only when something changes.
struct ClientObserver {
  absl::AnyInvocable<void()> on_control_connected = [] {};  // Anew, each time.
  absl::AnyInvocable<void()> on_control_lost = [] {};       // Each time it was connected.
  absl::AnyInvocable<void(bool available, const absl::Status& why)> on_availability = [](bool, const absl::Status&) {};
};

struct ClientCounters {
  int64_t sent = 0;
  int64_t timeouts = 0;
  int64_t late_replies = 0;  // Discarded.
  int64_t error_replies = 0;
  int64_t connects = 0;  // Handshakes that succeeded.
  int64_t disconnects = 0;
  int64_t refused = 0;  // Answered without being sent: breaker open, nothing connected, or full.
  int64_t circuit_opened = 0;
  int64_t circuits_open = 0;  // Now: servers whose breaker is open.
};

class Client {
 public:
  // OK with a reply: perhaps an error reply (see StatusOf), which the caller judges. Not OK: no reply is known.
  //   DEADLINE_EXCEEDED: it may have been carried out. UNAVAILABLE: not connected, breaker open, or the connection was
  //   lost (then it may have been carried out). RESOURCE_EXHAUSTED: too much is pending; not sent.
  using Done = absl::AnyInvocable<void(absl::StatusOr<Reply>) &&>;

  // Connects in the background. REQUIRES: options.Validate().ok().
  static std::unique_ptr<Client> Create(ClientOptions options, ClientObserver observer);

  // Every pending command has been answered (CANCELLED), and every task run or dropped, when it returns. Not to be
  // called on the client's thread.
  virtual ~Client() = default;

  // `done` runs exactly once: on the client's thread, or at once on the caller's when nothing was sent.
  // `timeout`: <= 0 fails at once with DEADLINE_EXCEEDED. Data commands are cut to operation_timeout.
  virtual void Send(Lane lane, Command command, absl::Duration timeout, Done done) = 0;

  // Ends the data connections, to be made anew: what came over one shows that replies and commands do not belong
  // together any more. For whoever can tell that, as the order of replies alone cannot.
  virtual void Distrust(absl::string_view why) = 0;

  // Runs `task` on the client's thread, after `delay`. Dropped when the client goes.
  virtual void RunAfter(absl::Duration delay, absl::AnyInvocable<void() &&> task) = 0;

  // Whether a data command sent now would be tried: connected, and the breaker closed.
  virtual bool available() const = 0;

  // Whether a control command sent now would be tried: connected.
  virtual bool control_available() const = 0;

  virtual ClientCounters counters() const = 0;
  virtual const ClientOptions& options() const = 0;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_CLIENT_H_
