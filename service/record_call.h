// RecordCall is one Record: reads the parts of an answer as they come, one at a time, and stores it at the end.
//
// Whatever ends it before that (the caller goes, closes without an end, sends nonsense) breaks the recording off: it is
// not stored, and the lease goes back.
#ifndef PARACLE_SERVICE_RECORD_CALL_H_
#define PARACLE_SERVICE_RECORD_CALL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cachecore/recorder.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/support/server_callback.h"
#include "paracle/cache/v1/cache.pb.h"
#include "service/handler_context.h"
#include "service/open_calls.h"

namespace paracle::service {

// Deletes itself when the call is done.
class RecordCall final : public grpc::ServerReadReactor<grpc::ByteBuffer> {
 public:
  // What is pointed to outlives the call.
  RecordCall(grpc::CallbackServerContext* context, const HandlerContext& handlers, grpc::ByteBuffer* response,
             OpenCalls* open_calls);

  void OnReadDone(bool ok) override;
  void OnDone() override;

 private:
  absl::Status Take(const cache::v1::RecordRequest& request);
  absl::Status Start(const cache::v1::RecordStart& start);
  absl::Status End(const cache::v1::RecordEnd& end);
  void OnBegun(absl::StatusOr<std::shared_ptr<cachecore::Recorder>> recorder);
  void OnStored(const absl::StatusOr<cachecore::SetOutcome>& outcome);
  void Fail(const absl::Status& status);
  void ReadNext() { StartRead(&bytes_); }

  grpc::CallbackServerContext* const context_;
  const HandlerContext handlers_;
  grpc::ByteBuffer* const response_;
  OpenCalls* const open_calls_;
  CallTimer timer_;
  IdentifiedCall identified_;
  size_t payload_bytes_ = 0;
  grpc::ByteBuffer bytes_;
  LimitPass pass_;
  std::shared_ptr<cachecore::Recorder> recorder_;  // Null before the start.
  std::vector<std::string> tags_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_RECORD_CALL_H_
