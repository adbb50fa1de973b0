// Callers of leases over real sockets: one at a time by stub, many at a time by a queue.
#ifndef PARACLE_TESTS_SERVICE_LEASE_CLIENT_H_
#define PARACLE_TESTS_SERVICE_LEASE_CLIENT_H_

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "paracle/cache/v1/admin.grpc.pb.h"
#include "paracle/cache/v1/cache.grpc.pb.h"

namespace paracle::service {

// Waits until it is so, for 20 s at most.
inline bool BecomesTrue(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline void SetDuration(absl::Duration from, google::protobuf::Duration* to) {
  to->set_seconds(absl::ToInt64Seconds(from));
  to->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(from - absl::Seconds(to->seconds()))));
}

inline absl::Duration ToAbsl(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

inline cache::v1::GetRequest LeaseGet(const cache::v1::EntryRef& ref, absl::Duration wait = absl::ZeroDuration(),
                                      absl::Duration hold = absl::Seconds(30)) {
  cache::v1::GetRequest request;
  *request.mutable_entry() = ref;
  SetDuration(hold, request.mutable_lease()->mutable_hold());
  SetDuration(wait, request.mutable_lease()->mutable_wait());
  return request;
}

// Leases and waits of a server, as its statistics tell them.
inline cache::v1::LeaseStatus LeaseStatusOf(cache::v1::AdminService::Stub& admin) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  cache::v1::GetStatsResponse response;
  EXPECT_TRUE(admin.GetStats(&context, {}, &response).ok());
  return response.leases();
}

// Whether the error says so in its ErrorInfo.
inline bool HasReason(const grpc::Status& status, absl::string_view reason) {
  return status.error_details().find(std::string(reason)) != std::string::npos;
}

// Gets that are under way together. Not thread-safe.
class Waiters {
 public:
  explicit Waiters(cache::v1::CacheService::Stub* stub) : stub_(*stub) {}
  ~Waiters() {
    CancelAll();
    while (open_ > 0) Next();
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) continue;
  }

  struct Call {
    grpc::ClientContext context;
    cache::v1::GetResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<cache::v1::GetResponse>> reader;
    bool done = false;
    std::chrono::steady_clock::time_point done_at;

    auto outcome() const { return response.outcome_case(); }
  };

  Call& Ask(const cache::v1::GetRequest& request, absl::Duration patience = absl::Seconds(60)) {
    Call& call = calls_.emplace_back();
    call.context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(patience));
    call.reader = stub_.AsyncGet(&call.context, request, &queue_);
    call.reader->Finish(&call.response, &call.status, &call);
    ++open_;
    return call;
  }

  // Waits for the next one that is answered.
  Call& Next() {
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    Call& call = *static_cast<Call*>(tag);
    call.done = true;
    call.done_at = std::chrono::steady_clock::now();
    --open_;
    return call;
  }
  void Wait(Call& call) {
    while (!call.done) Next();
  }
  void WaitForAll() {
    while (open_ > 0) Next();
  }
  void CancelAll() {
    for (Call& call : calls_) {
      if (!call.done) call.context.TryCancel();
    }
  }

  std::deque<Call>& calls() { return calls_; }
  int open() const { return open_; }

 private:
  cache::v1::CacheService::Stub& stub_;
  grpc::CompletionQueue queue_;
  std::deque<Call> calls_;
  int open_ = 0;
};

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_LEASE_CLIENT_H_
