// Takes gRPC's own log lines into ours.
#ifndef PARACLE_SERVICE_GRPC_LOG_H_
#define PARACLE_SERVICE_GRPC_LOG_H_

namespace paracle::service {

// gRPC's errors become lines of level error; while the server starts they are of level debug, because what keeps it
// from starting is told better, and once. Anything below an error is dropped. Call it before gRPC is used.
void RouteGrpcLog();

// The server has started.
void RaiseGrpcErrors();

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_GRPC_LOG_H_
