#include "cachecore/redis/command_queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace paracle::cachecore::redis {

void CommandQueue::Push(std::unique_ptr<PendingCommand> command) {
  next_deadline_ = std::min(next_deadline_, command->deadline);
  PushUnsent(std::move(command));
}

void CommandQueue::PushUnsent(std::unique_ptr<PendingCommand> command) {
  unsent_bytes_ += command->command.wire().size();
  ++unsent_count_;
  unsent_.Push(std::move(command));
}

size_t CommandQueue::Gather(absl::Span<iovec> pieces) const {
  size_t count = 0;
  size_t skip = head_written_;
  for (const PendingCommand* it = unsent_.head(); it != nullptr && count < pieces.size(); it = it->next) {
    const absl::string_view rest = it->command.wire().substr(skip);
    pieces[count++] = {const_cast<char*>(rest.data()), rest.size()};
    skip = 0;
  }
  return count;
}

void CommandQueue::Wrote(size_t bytes) {
  assert(bytes <= unsent_bytes_);
  unsent_bytes_ -= bytes;
  head_written_ += bytes;
  while (!unsent_.empty() && head_written_ >= unsent_.head()->command.wire().size()) {
    std::unique_ptr<PendingCommand> written = unsent_.Pop();
    head_written_ -= written->command.wire().size();
    if (!written->keep) [[maybe_unused]] const Command freed = std::move(written->command);
    --unsent_count_;
    ++due_count_;
    due_.Push(std::move(written));
  }
}

std::unique_ptr<PendingCommand> CommandQueue::PopDue() {
  if (due_.empty()) return nullptr;
  --due_count_;
  return due_.Pop();
}

void CommandQueue::Expire(SteadyTime now, absl::FunctionRef<void(PendingCommand&)> expired) {
  next_deadline_ = SteadyTime::max();
  const auto over = [&](PendingCommand& command) {
    if (command.answered) return false;
    if (command.deadline > now) {
      next_deadline_ = std::min(next_deadline_, command.deadline);
      return false;
    }
    command.answered = true;
    expired(command);
    return true;
  };
  for (PendingCommand* it = due_.head(); it != nullptr; it = it->next) over(*it);

  const size_t head_written = head_written_;
  bool begun = head_written > 0;
  PendingList waiting = TakeUnsent();
  while (!waiting.empty()) {
    std::unique_ptr<PendingCommand> command = waiting.Pop();
    if (!over(*command) || begun) PushUnsent(std::move(command));
    begun = false;
  }
  head_written_ = head_written;
  unsent_bytes_ -= head_written;
}

PendingList CommandQueue::TakeUnsent() {
  head_written_ = 0;
  unsent_count_ = 0;
  unsent_bytes_ = 0;
  return std::exchange(unsent_, PendingList());
}

PendingList CommandQueue::TakeAll() {
  PendingList all = std::exchange(due_, PendingList());
  PendingList unsent = TakeUnsent();
  while (!unsent.empty()) all.Push(unsent.Pop());
  due_count_ = 0;
  next_deadline_ = SteadyTime::max();
  return all;
}

}  // namespace paracle::cachecore::redis
