// CommandQueue is what one connection has been given: first the commands that have been written and whose replies are
// due, oldest first, then those to be written. Replies come in this order and no other.
//
// Not synchronised; no clock, no socket.
#ifndef PARACLE_CACHECORE_REDIS_COMMAND_QUEUE_H_
#define PARACLE_CACHECORE_REDIS_COMMAND_QUEUE_H_

#include <sys/uio.h>

#include <cstddef>
#include <memory>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "cachecore/redis/pending_command.h"

namespace paracle::cachecore::redis {

class CommandQueue {
 public:
  void Push(std::unique_ptr<PendingCommand> command);

  // The bytes to be written next, in up to `pieces.size()` pieces; how many there are.
  size_t Gather(absl::Span<iovec> pieces) const;
  void Wrote(size_t bytes);

  // The command that the next reply answers; nullptr: none is due.
  std::unique_ptr<PendingCommand> PopDue();

  // Calls `expired` for each unanswered command whose deadline is over. One that the server has seen nothing of is
  // removed; of the others the place remains, marked as answered, until the reply comes.
  void Expire(SteadyTime now, absl::FunctionRef<void(PendingCommand&)> expired);

  // No deadline is earlier. SteadyTime::max(): nothing waits.
  SteadyTime next_deadline() const { return next_deadline_; }

  // Everything, in order.
  PendingList TakeAll();

  size_t size() const { return due_count_ + unsent_count_; }
  size_t due() const { return due_count_; }
  size_t unsent_bytes() const { return unsent_bytes_; }

 private:
  void PushUnsent(std::unique_ptr<PendingCommand> command);
  PendingList TakeUnsent();

  PendingList due_;
  PendingList unsent_;
  size_t head_written_ = 0;  // Of the first of unsent_.
  size_t due_count_ = 0;
  size_t unsent_count_ = 0;
  size_t unsent_bytes_ = 0;
  SteadyTime next_deadline_ = SteadyTime::max();
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_COMMAND_QUEUE_H_
