// Recording is an answer on its way: the chunks so far, and whether there will be more. One writes, any number read,
// each at a pace of its own: a reader is a number, that of the next chunk it wants, so that a slow one costs nobody
// anything.
//
// Thread-safe. Bytes are bounded by whoever writes.
#ifndef PARACLE_CACHECORE_RECORDING_H_
#define PARACLE_CACHECORE_RECORDING_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "cachecore/entry.h"
#include "cachecore/entry_tag.h"
#include "cachecore/mutex.h"
#include "cachecore/waker.h"

namespace paracle::cachecore {

using Chunk = std::shared_ptr<const std::string>;

// What a chunk takes in memory: of a short one, most is not its bytes.
inline constexpr size_t kChunkOverhead = 128;
inline size_t ChargeOf(const std::string& chunk) { return chunk.size() + kChunkOverhead; }

// What is known at the end of an answer.
struct AnswerEnd {
  Origin origin;
  std::optional<absl::Time> create_time;  // nullopt: it was not kept.
  std::optional<absl::Time> expire_time;
};

class Recording {
 public:
  enum class State { kRunning, kComplete, kAborted };

  Recording(const EntryTag& tag, FillToken token, std::string model, std::string content_type)
      : tag_(tag), token_(token), model_(std::move(model)), content_type_(std::move(content_type)) {}
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  const EntryTag& tag() const { return tag_; }
  FillToken token() const { return token_; }
  const std::string& model() const { return model_; }
  const std::string& content_type() const { return content_type_; }

  // Chunks from number `index` on: at least one if there is one, then no more than `max_charge`. The state is kRunning
  // while there are others behind them.
  struct Part {
    std::vector<Chunk> chunks;
    State state = State::kRunning;
    AnswerEnd end;  // If complete.
  };
  Part Read(size_t index, size_t max_charge) const;

  // Wakes `waker` once when there is more than `index` chunks, or an end. False: there is already.
  bool Await(size_t index, const std::shared_ptr<Waker>& waker);
  void StopAwaiting(const Waker* waker);

  // False: it has ended, and the chunk was dropped. The first end counts.
  bool Append(Chunk chunk);
  void Complete(const AnswerEnd& end);
  void Abort();

  State state() const;
  size_t count() const;
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  size_t charge() const { return bytes() + count() * kChunkOverhead; }

  // All chunks so far, end to end.
  std::string Joined() const;

  // Of those who read it.
  std::atomic<int> readers = 0;

 private:
  void End(State state, const AnswerEnd& end);

  const EntryTag tag_;
  const FillToken token_;
  const std::string model_;
  const std::string content_type_;
  std::atomic<size_t> bytes_ = 0;

  mutable Mutex mutex_;
  std::vector<Chunk> chunks_ ABSL_GUARDED_BY(mutex_);
  State state_ ABSL_GUARDED_BY(mutex_) = State::kRunning;
  AnswerEnd end_ ABSL_GUARDED_BY(mutex_);
  Wakers wakers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace paracle::cachecore

#endif  // PARACLE_CACHECORE_RECORDING_H_
