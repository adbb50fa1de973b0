#include "service/call_queue.h"

#include <utility>

#include "absl/time/clock.h"
#include "service/status_mapping.h"

namespace paracle::service {
namespace {

constexpr int kIdleTurnMillis = 100;

}  // namespace

CallQueue::CallQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, absl::Span<const RawMethod> methods,
                     Admission* admission, const Access* access)
    : queue_(std::move(queue)),
      methods_(methods),
      admission_(admission),
      access_(*access),
      // Every admitted call may be of one method; the rest is for calls that are being refused. Parked ones come on
      // top.
      max_slots_(admission->limit() + 4 * kArmed) {
  for (const RawMethod& method : methods_) slots_.emplace_back().method = &method;
}

CallQueue::~CallQueue() {
  if (thread_.joinable()) {
    server_gone_.Set(queue_.get(), gpr_now(GPR_CLOCK_MONOTONIC), nullptr);
    thread_.join();
    return;
  }
  // The server never started; gRPC wants its queues drained all the same.
  queue_->Shutdown();
  void* tag;
  bool ok;
  while (queue_->Next(&tag, &ok)) continue;
}

void CallQueue::Start() {
  thread_ = std::thread([this] {
    turns_->Begin();
    Run();
    turns_->End();
  });
}

void CallQueue::Run() {
  for (Slots& slots : slots_) {
    while (slots.armed < kArmed) ArmOne(slots);
  }
  bool server_gone = false;
  void* tag;
  bool ok;
  while (Next(&tag, &ok)) {
    if (tag == nullptr) {
      server_gone = true;
    } else {
      OnEvent(*static_cast<const UnaryCall::Tag*>(tag), ok);
    }
    if (server_gone && in_use() == 0) queue_->Shutdown();
  }
}

// A thread that has nothing to do comes round, too: one that does not is held up within gRPC.
bool CallQueue::Next(void** tag, bool* ok) {
  while (true) {
    turns_->Enter();
    const auto status = queue_->AsyncNext(tag, ok, look_up_);
    turns_->Leave();
    switch (status) {
      case grpc::CompletionQueue::GOT_EVENT:
        return true;
      case grpc::CompletionQueue::SHUTDOWN:
        return false;
      case grpc::CompletionQueue::TIMEOUT:
        look_up_ = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kIdleTurnMillis, GPR_TIMESPAN));
    }
  }
}

void CallQueue::ArmOne(Slots& slots) {
  if (slots.idle.empty()) slots.idle.push_back(std::make_unique<UnaryCall>(slots.method, admission_));
  // Owned by its tag until it is idle again.
  UnaryCall* call = slots.idle.back().release();
  slots.idle.pop_back();
  ++slots.armed;
  CountInUse(slots, 1);
  call->Arm(queue_.get());
}

void CallQueue::OnEvent(const UnaryCall::Tag& tag, bool ok) {
  UnaryCall* const call = tag.call;
  Slots& slots = SlotsOf(*call);
  switch (call->OnEvent(tag, ok)) {
    case UnaryCall::Event::kGoesOn:
      return;
    case UnaryCall::Event::kStarted:
      --slots.armed;
      OnStarted(slots, *call);
      return;
    case UnaryCall::Event::kFinished:
      break;
    case UnaryCall::Event::kShutDown:
      --slots.armed;
      stopping_ = stopping_ || shutdown_expected_;
      break;
  }
  OnIdle(slots, call);
}

void CallQueue::OnStarted(Slots& slots, UnaryCall& call) {
  if (call.TryEnter()) {
    Answer(call);
  } else {
    call.Fail(Overloaded());
  }
  // Only now: a call is answered before the next one is asked for.
  if (!stopping_ && slots.armed < kArmed && slots.in_use < max_slots_ + slots.method->max_parked) ArmOne(slots);
}

void CallQueue::OnIdle(Slots& slots, UnaryCall* call) {
  CountInUse(slots, -1);
  std::unique_ptr<UnaryCall> slot(call);
  if (slots.idle.size() < kArmed) slots.idle.push_back(std::move(slot));
  if (!stopping_ && slots.armed < kArmed) ArmOne(slots);
}

void CallQueue::CountInUse(Slots& slots, int change) {
  slots.in_use += change;
  in_use_.store(in_use() + change, std::memory_order_relaxed);
}

void CallQueue::Answer(UnaryCall& call) {
  if (call.deadline() <= absl::Now()) return call.Fail(DeadlinePassed());
  if (absl::Status status = call.Identify(access_); !status.ok()) return call.Fail(status);
  // A caller that goes away half-way leaves a request that is no message; an OK answer to it would need a body.
  if (scratch_.Load(call.request())) {
    call.method().handler->Handle(scratch_, call);
  } else {
    call.Fail(absl::CancelledError("the request did not arrive as a whole"));
  }
  scratch_.Release();
  call.ForgetRequest();
}

}  // namespace paracle::service
