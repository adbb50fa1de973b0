// Connection keeps one stream to the server up: connects, shakes hands, serves, and after a loss comes again.
//
// On the one thread that runs the io_context, SendAlone apart. Commands go out in the order of Submit, many in one write,
// and a write that blocks never stops the reading. Each command is answered once, by its own reply, or at its deadline,
// or when the connection is lost. What a lost connection had taken is never sent again here.
#ifndef PARACLE_CACHECORE_REDIS_CONNECTION_H_
#define PARACLE_CACHECORE_REDIS_CONNECTION_H_

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cachecore/mutex.h"
#include "cachecore/redis/backoff.h"
#include "cachecore/redis/client.h"
#include "cachecore/redis/command_queue.h"
#include "cachecore/redis/reply_reader.h"
#include "cachecore/redis/steady_time.h"
#include "cachecore/redis/stream.h"

namespace paracle::cachecore::redis {

class Connection;

// Who holds the connections. None of these may destroy one.
class ConnectionOwner {
 public:
  virtual void OnReady(Connection& connection) = 0;
  // Lost, or not even established; `was_ready` says which.
  virtual void OnDown(Connection& connection, bool was_ready, const absl::Status& why) = 0;
  virtual void Answer(PendingCommand& command, absl::StatusOr<Reply> reply) = 0;
  virtual void OnLateReply() = 0;
  virtual void OnWritten(size_t bytes) = 0;  // Or dropped: they wait no more. Any thread.
  virtual void AfterReplies() = 0;           // The moment to submit and flush what the answers have led to.

 protected:
  ~ConnectionOwner() = default;
};

class Connection {
 public:
  Connection(asio::io_context& io, const ClientOptions& options, ConnectionOwner& owner);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Start();

  // For good. What is pending is answered with CANCELLED, in a moment.
  void Stop();

  // Ends this incarnation, if there is one; another one follows.
  void Abandon(const absl::Status& why);

  // Tries at once, if it pauses before its next attempt. The pauses go on growing.
  void Hurry() { hurried_ = pause_.cancel() > 0; }
  // Whether this incarnation, or attempt, came of that.
  bool hurried() const { return hurried_; }

  bool ready() const { return ready_; }

  // Whether nothing runs any more, after Stop. Handlers that it has posted may still be called in this turn.
  bool ended() const { return ended_; }
  size_t pending() const;

  // A command given to it now would wait: behind something large, or behind a peer that has been silent for a while.
  bool congested(SteadyTime now) const;

  // REQUIRES: ready(). Nothing is written before Flush.
  void Submit(std::unique_ptr<PendingCommand> command);
  void Flush();

  // Any thread: writes the command from there, which spares a lone one the wait until the connection's thread has woken
  // up (20 to 30 us of some 150). Only when that thread has nothing to do with this connection: no command queued, no
  // reply being read, no TLS. Null afterwards when it was taken.
  void SendAlone(std::unique_ptr<PendingCommand>& command);

 private:
  asio::awaitable<void> Run();
  asio::awaitable<absl::Status> Open();
  asio::awaitable<absl::Status> Serve();
  asio::awaitable<void> Pause();
  void GoDown(const absl::Status& why);

  // False: nothing more to be had now.
  bool ReadSome();
  // False: nothing more to be had now, or lost.
  bool ReadInTurn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  void Deliver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  void Receive(PendingCommand& command, Reply reply);
  void FlushInTurn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  void WriteAlone(std::unique_ptr<PendingCommand> command) ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  Progress WriteOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  void AwaitWritable();

  // The first reason stands. Whoever serves finds it at its next step.
  void Lose(absl::Status why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);

  void ArmTimer();
  SteadyTime NextWake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(turn_);
  void OnTimer();

  asio::io_context& io_;
  const ClientOptions& options_;
  ConnectionOwner& owner_;

  // Whose turn it is. The connection's thread waits for it, for one write at most, and keeps it while it reads, writes and
  // answers; SendAlone only tries. So a command that is written from elsewhere never comes between a reply and the ones
  // read with it, and no reply meets a command that was sent after it.
  mutable Mutex turn_;
  CommandQueue queue_ ABSL_GUARDED_BY(turn_);
  SteadyTime progress_ ABSL_GUARDED_BY(turn_);  // Of bytes, or when replies became due.
  SteadyTime armed_ ABSL_GUARDED_BY(turn_) = SteadyTime::max();
  bool open_to_others_ ABSL_GUARDED_BY(turn_) = false;  // SendAlone may use stream_: ready, not lost, not TLS.

  // Of one incarnation.
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ReplyReader> reader_;
  uint64_t generation_ = 0;  // What was begun for an earlier one is not for us.
  bool opening_ = false;
  bool ready_ = false;
  bool proven_ = false;  // Has served somebody.
  bool write_blocked_ = false;
  absl::Status lost_;
  SteadyTime since_;  // Opening or ready.

  bool hurried_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  unsigned attempts_ = 0;
  Backoff backoff_;
  std::minstd_rand random_{std::random_device()()};
  asio::steady_timer pause_;
  asio::steady_timer timer_;  // Of deadlines and liveness: one for all commands. Rings at armed_.
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_CONNECTION_H_
