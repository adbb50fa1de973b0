// SubmissionStack hands commands from any thread to the client's own, without a lock: pushed one by one, taken all at
// once. Whoever pushes onto an empty stack has to wake the taker, nobody else has.
#ifndef PARACLE_CACHECORE_REDIS_SUBMISSION_STACK_H_
#define PARACLE_CACHECORE_REDIS_SUBMISSION_STACK_H_

#include <atomic>
#include <memory>

#include "cachecore/redis/pending_command.h"

namespace paracle::cachecore::redis {

class SubmissionStack {
 public:
  SubmissionStack() = default;
  SubmissionStack(const SubmissionStack&) = delete;
  SubmissionStack& operator=(const SubmissionStack&) = delete;
  ~SubmissionStack() { TakeAll(); }

  // True when it was empty.
  bool Push(std::unique_ptr<PendingCommand> command) {
    PendingCommand* added = command.release();
    // Nobody takes single commands away, so a head that comes back is no danger (no ABA).
    PendingCommand* head = head_.load(std::memory_order_relaxed);
    do {
      added->next = head;
    } while (!head_.compare_exchange_weak(head, added, std::memory_order_release, std::memory_order_relaxed));
    return head == nullptr;
  }

  // In the order of the pushes.
  PendingList TakeAll() {
    PendingList taken;
    PendingCommand* newest = head_.exchange(nullptr, std::memory_order_acquire);
    while (newest != nullptr) {
      std::unique_ptr<PendingCommand> command(newest);
      newest = newest->next;
      taken.PushFront(std::move(command));
    }
    return taken;
  }

 private:
  std::atomic<PendingCommand*> head_ = nullptr;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_SUBMISSION_STACK_H_
