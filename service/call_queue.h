// CallQueue is one completion queue with the thread that serves it, and the slots of every method on it.
//
// For each method it keeps kArmed slots asking for calls, and makes more while calls take longer than they come. When
// the server shuts down, gRPC gives every armed slot back; once the server is gone and no slot has anything to do with
// gRPC any more, the thread itself shuts the queue down and ends. So nothing can be started on a queue that is shut
// down, which would abort the process.
#ifndef PARACLE_SERVICE_CALL_QUEUE_H_
#define PARACLE_SERVICE_CALL_QUEUE_H_

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/types/span.h"
#include "grpcpp/alarm.h"
#include "grpcpp/grpcpp.h"
#include "service/access.h"
#include "service/admission.h"
#include "service/limits/turn_counter.h"
#include "service/method.h"
#include "service/request_scratch.h"
#include "service/unary_call.h"

namespace paracle::service {

class CallQueue {
 public:
  // Slots of one method that ask for calls at any time.
  static constexpr int kArmed = 64;

  // REQUIRES: what is pointed to, and `methods`, outlive the queue.
  CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, absl::Span<const RawMethod> methods,
            Admission* admission, const Access* access);

  // Waits for the thread, which ends when the last call has been answered. REQUIRES: if Start was called, so was
  // ExpectShutdown, and then the server was shut down.
  ~CallQueue();

  // REQUIRES: the server has been built and started.
  void Start();

  // Tells that the server is about to shut down. Call it before Server::Shutdown, from any thread.
  void ExpectShutdown() { shutdown_expected_ = true; }

  // Slots that are armed or have a call. Zero, once gRPC has given the armed ones back: no call is left, and none can
  // come. Thread-safe.
  int in_use() const { return in_use_.load(std::memory_order_relaxed); }

  // Counts the turns of the thread, at least ten a second; outlives the queue for whoever keeps it.
  std::shared_ptr<const TurnCounter> turns() const { return turns_; }

 private:
  // The slots of one method.
  struct Slots {
    const RawMethod* method = nullptr;
    int armed = 0;
    int in_use = 0;  // Armed, serving or finishing.
    std::vector<std::unique_ptr<UnaryCall>> idle;
  };

  void Run();
  // The next event, as of CompletionQueue::Next.
  bool Next(void** tag, bool* ok);
  void ArmOne(Slots& slots);
  void OnEvent(const UnaryCall::Tag& tag, bool ok);
  void OnStarted(Slots& slots, UnaryCall& call);
  void OnIdle(Slots& slots, UnaryCall* call);
  void CountInUse(Slots& slots, int change);
  void Answer(UnaryCall& call);
  Slots& SlotsOf(const UnaryCall& call) { return slots_[&call.method() - methods_.data()]; }

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  const absl::Span<const RawMethod> methods_;
  Admission* const admission_;
  const Access& access_;
  // Slots of one method that may exist; beyond it, calls wait in gRPC until one is free.
  const int max_slots_;
  std::vector<Slots> slots_;
  std::atomic<int> in_use_ = 0;  // Over all methods. Written by the thread alone, so without locked instructions.
  std::atomic<bool> shutdown_expected_ = false;
  gpr_timespec look_up_ = gpr_inf_past(GPR_CLOCK_MONOTONIC);  // Until then the thread may wait for an event.
  bool stopping_ = false;    // gRPC has given an armed slot back: nothing is armed any more.
  grpc::Alarm server_gone_;  // Its event, without a tag, tells the thread.
  RequestScratch scratch_;
  const std::shared_ptr<TurnCounter> turns_ = std::make_shared<TurnCounter>();
  std::thread thread_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CALL_QUEUE_H_
