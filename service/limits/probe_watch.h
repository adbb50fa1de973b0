// ProbeWatch tells whether threads that do others' work in turn are held up by one of them: it gives them something to
// do, over and over, and looks whether they get round to it. For threads that are not ours and cannot count their turns
// (turn_watch.h).
//
// As there, measured is what a thread computes meanwhile, not what passes by the clock. A thread is known once it has
// answered for the first time. For one thread, which asks again and again.
#ifndef PARACLE_SERVICE_LIMITS_PROBE_WATCH_H_
#define PARACLE_SERVICE_LIMITS_PROBE_WATCH_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace paracle::service {

class ProbeWatch {
 public:
  // Has `answer` called, once, on one of the threads or where it is called itself; perhaps after the watch has gone.
  using Ask = std::function<void(std::function<void()> answer)>;

  // A thread that computes for more than `longest` while one that was asked does not answer is held up.
  ProbeWatch(Ask ask, std::chrono::nanoseconds longest);

  // Whether a thread is, as far as this has seen. The first time, and then every third time unless answers are missing,
  // asks once more.
  bool HeldUp();

 private:
  static constexpr unsigned kAskEvery = 3;
  // Some of what was asked may wait for a thread that is held up, and the others are still to be asked.
  static constexpr size_t kMostUnanswered = 32;

  class Threads;
  // Of a thread, when the oldest question that has no answer yet became that.
  struct Seen {
    uint64_t answers;
    int64_t cpu_nanos;
  };

  void AskOnce();

  const Ask ask_;
  const int64_t longest_nanos_;
  const std::shared_ptr<Threads> threads_;  // Shared with what was asked.
  unsigned looks_ = 0;
  uint64_t asked_ = 0;
  uint64_t oldest_ = 0;
  std::map<int, Seen> seen_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_LIMITS_PROBE_WATCH_H_
