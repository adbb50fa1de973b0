// A line in the log for each call that failed: at debug, or at warn when the fault is ours.
//
// It names the method, the code, the reason and the caller's trace, and nothing that the caller sent but that: messages
// of errors may quote a request.
#ifndef PARACLE_SERVICE_CALL_LOG_H_
#define PARACLE_SERVICE_CALL_LOG_H_

#include "absl/status/status.h"
#include "service/metrics/rpc.h"

namespace grpc {
class ServerContextBase;
}

namespace paracle::service {

// Costs a comparison when such a line is not wanted. `context` may be null. REQUIRES: !status.ok().
void LogFailedCall(Rpc rpc, const absl::Status& status, const grpc::ServerContextBase* context);

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_CALL_LOG_H_
