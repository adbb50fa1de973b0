#include "cachecore/recording.h"

namespace paracle::cachecore {

Recording::Part Recording::Read(size_t index, size_t max_charge) const {
  MutexLock lock(mutex_);
  Part part;
  size_t charge = 0;
  for (; index < chunks_.size(); ++index) {
    charge += ChargeOf(*chunks_[index]);
    if (!part.chunks.empty() && charge > max_charge) return part;
    part.chunks.push_back(chunks_[index]);
  }
  part.state = state_;
  part.end = end_;
  return part;
}

bool Recording::Await(size_t index, const std::shared_ptr<Waker>& waker) {
  MutexLock lock(mutex_);
  if (chunks_.size() > index || state_ != State::kRunning) return false;
  wakers_[waker.get()] = waker;
  return true;
}

void Recording::StopAwaiting(const Waker* waker) {
  MutexLock lock(mutex_);
  wakers_.erase(waker);
}

bool Recording::Append(Chunk chunk) {
  Wakers wakers;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kRunning) return false;
    bytes_.fetch_add(chunk->size(), std::memory_order_relaxed);
    chunks_.push_back(std::move(chunk));
    wakers.swap(wakers_);
  }
  WakeAll(wakers);
  return true;
}

void Recording::Complete(const AnswerEnd& end) { End(State::kComplete, end); }
void Recording::Abort() { End(State::kAborted, {}); }

void Recording::End(State state, const AnswerEnd& end) {
  Wakers wakers;
  {
    MutexLock lock(mutex_);
    if (state_ != State::kRunning) return;
    state_ = state;
    end_ = end;
    wakers.swap(wakers_);
  }
  WakeAll(wakers);
}

Recording::State Recording::state() const {
  MutexLock lock(mutex_);
  return state_;
}

size_t Recording::count() const {
  MutexLock lock(mutex_);
  return chunks_.size();
}

std::string Recording::Joined() const {
  MutexLock lock(mutex_);
  std::string all;
  for (const Chunk& chunk : chunks_) all += *chunk;
  return all;
}

}  // namespace paracle::cachecore
