// CallCanceller cancels gRPC calls at the times it is told, on one thread of its own. Thread-safe.
#ifndef PARACLE_TESTS_DRILLS_CALL_CANCELLER_H_
#define PARACLE_TESTS_DRILLS_CALL_CANCELLER_H_

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace paracle::drills {

class CallCanceller {
 public:
  CallCanceller() : thread_([this] { Run(); }) {}
  ~CallCanceller();
  CallCanceller(const CallCanceller&) = delete;
  CallCanceller& operator=(const CallCanceller&) = delete;

  // Does nothing when the call, and with it the context, is gone by then.
  void CancelAt(absl::Time when, std::weak_ptr<grpc::ClientContext> call);

 private:
  void Run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<absl::Time, std::weak_ptr<grpc::ClientContext>> due_;  // Guarded by mutex_, as is the next.
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace paracle::drills

#endif  // PARACLE_TESTS_DRILLS_CALL_CANCELLER_H_
