// PendingCommand is a command on its way: from Send until its reply has been read, even when nobody waits any more.
#ifndef PARACLE_CACHECORE_REDIS_PENDING_COMMAND_H_
#define PARACLE_CACHECORE_REDIS_PENDING_COMMAND_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "cachecore/redis/client.h"
#include "cachecore/redis/command.h"
#include "cachecore/redis/steady_time.h"

namespace paracle::cachecore::redis {

// Counts the commands that there are. Movable: a moved-from one counts for nothing.
class PendingSlot {
 public:
  explicit PendingSlot(std::atomic<size_t>& count) : count_(&count) { count.fetch_add(1, std::memory_order_relaxed); }
  PendingSlot(PendingSlot&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  PendingSlot& operator=(PendingSlot&&) = delete;
  ~PendingSlot() {
    if (count_ != nullptr) count_->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<size_t>* count_;
};

struct PendingCommand {
  enum class Kind { kData, kHurriedData, kControl, kProbe };

  PendingCommand(Kind kind, Command command, SteadyTime deadline, Client::Done done, PendingSlot slot)
      : kind(kind), command(std::move(command)), deadline(deadline), done(std::move(done)), slot(std::move(slot)) {}

  Kind kind;
  bool answered = false;  // Only its place is left.
  uint8_t hops = 0;       // From server to server so far.
  bool keep = false;      // Its bytes are needed until the reply: it may have to go elsewhere.
  Command command;        // Freed when it has been written, unless they are kept.
  SteadyTime deadline;
  Client::Done done;
  PendingSlot slot;
  PendingCommand* next = nullptr;  // In the one list that it is in.
};

// A plain queue, linked through the commands themselves. Not synchronised.
class PendingList {
 public:
  PendingList() = default;
  PendingList(PendingList&& other) noexcept
      : head_(std::exchange(other.head_, nullptr)), tail_(std::exchange(other.tail_, nullptr)) {}
  PendingList& operator=(PendingList&& other) noexcept {
    std::swap(head_, other.head_);
    std::swap(tail_, other.tail_);
    return *this;
  }
  ~PendingList() {
    while (head_ != nullptr) Pop();
  }

  bool empty() const { return head_ == nullptr; }
  PendingCommand* head() const { return head_; }

  void Push(std::unique_ptr<PendingCommand> command) {
    PendingCommand* added = command.release();
    added->next = nullptr;
    (head_ == nullptr ? head_ : tail_->next) = added;
    tail_ = added;
  }

  void PushFront(std::unique_ptr<PendingCommand> command) {
    PendingCommand* added = command.release();
    added->next = head_;
    head_ = added;
    if (tail_ == nullptr) tail_ = added;
  }

  // REQUIRES: !empty().
  std::unique_ptr<PendingCommand> Pop() {
    std::unique_ptr<PendingCommand> first(head_);
    head_ = head_->next;
    if (head_ == nullptr) tail_ = nullptr;
    return first;
  }

 private:
  PendingCommand* head_ = nullptr;
  PendingCommand* tail_ = nullptr;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_CACHECORE_REDIS_PENDING_COMMAND_H_
