// Connection keeps one stream to the server up: connects, shakes hands, serves, and after a loss comes again.
//
// All of it on the one thread that runs the io_context. Commands go out in the order of Submit, many in one write, and
// a write that blocks never stops the reading. Each command is answered once, by its own reply, or at its deadline, or
// when the connection is lost. What a lost connection had taken is never sent again here.
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
  virtual void OnWritten(size_t bytes) = 0;  // Or dropped: they wait no more.
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

  bool ready() const { return ready_; }
  size_t pending() const { return queue_.size(); }

  // A command given to it now would wait: behind something large, or behind a peer that has been silent for a while.
  bool congested(SteadyTime now) const;

  // REQUIRES: ready(). Nothing is written before Flush.
  void Submit(std::unique_ptr<PendingCommand> command);
  void Flush();

 private:
  asio::awaitable<void> Run();
  asio::awaitable<absl::Status> Open();
  asio::awaitable<absl::Status> Serve();
  asio::awaitable<void> Pause();
  void GoDown(const absl::Status& why);

  // False: nothing more to be had now.
  bool ReadSome();
  void Deliver();
  void Receive(PendingCommand& command, Reply reply);
  Progress WriteOnce();
  void AwaitWritable();

  // The first reason stands. Whoever serves finds it at its next step.
  void Lose(absl::Status why);

  void ArmTimer();
  SteadyTime NextWake() const;
  void OnTimer();

  asio::io_context& io_;
  const ClientOptions& options_;
  ConnectionOwner& owner_;

  // Of one incarnation.
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<ReplyReader> reader_;
  CommandQueue queue_;
  uint64_t generation_ = 0;  // What was begun for an earlier one is not for us.
  bool opening_ = false;
  bool ready_ = false;
  bool proven_ = false;  // Has served somebody.
  bool write_blocked_ = false;
  absl::Status lost_;
  SteadyTime since_;     // Opening or ready.
  SteadyTime progress_;  // Of bytes, or when replies became due.

  bool stopping_ = false;
  unsigned attempts_ = 0;
  Backoff backoff_;
  std::minstd_rand random_{std::random_device()()};
  asio::steady_timer pause_;
  asio::steady_timer timer_;  // Of deadlines and liveness: one for all commands.
  SteadyTime armed_ = SteadyTime::max();
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_CONNECTION_H_
